import type { JsonObject } from "../lib/json.ts";
import { byteLength } from "../lib/lines.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Frame, ResponseFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { errorOf } from "../protocol/result-text.ts";
import type {
  CallerHeaders,
  Connect,
  Destination,
  OpenRequest,
  Upstream,
  UpstreamListener,
} from "../protocol/upstream.ts";
import { startingError } from "../protocol/starting-error.ts";
import { Handshake, type HandshakeHost } from "./handshake.ts";
import type { Recorder } from "./recorder.ts";
import type { SessionRecord } from "./session-record.ts";

export interface GreetedOptions {
  readonly connect: Connect;
  readonly destination: Destination;
  readonly listener: UpstreamListener;
  readonly recorder: Recorder;
  /** The handshake to replay on the client's behalf. */
  readonly record: SessionRecord;
  /** How much may be queued during the handshake. */
  readonly heldBytes: number;
  /** What the client knows about the server is out of date; `method` is the notification to send. */
  readonly changed: (method: string) => void;
}

interface HeldMessage {
  readonly frame: Frame;
  readonly caller: CallerHeaders | undefined;
}

/** Which list differs is unknown, so all are announced; a client that reads them again loses nothing. */
const LISTS_CHANGED = [methods.toolsChanged, methods.promptsChanged, methods.resourcesChanged];

/** An upstream that the gateway initializes on the client's behalf: messages of the client are queued until the handshake is done. */
export class GreetedUpstream implements Upstream, HandshakeHost {
  readonly #options: GreetedOptions;
  readonly #upstream: Upstream;
  #handshake: Handshake | undefined;
  /** Messages of the client during the handshake; undefined afterwards. */
  #held: HeldMessage[] | undefined = [];
  #heldBytes = 0;

  /** Throws what `connect` throws. */
  constructor(options: GreetedOptions) {
    this.#options = options;
    const { connect, destination, record } = options;
    this.#upstream = connect(destination, {
      frame: (frame) => this.#read(frame),
      badMessage: (id, error, open) => this.#onBadMessage(id, error, open),
      ended: (error, open) => this.#onEnded(error, open ?? []),
    });
    this.#handshake = new Handshake(record, this);
  }

  checkRoom(): void {
    this.#upstream.checkRoom();
    if (this.#heldBytes <= this.#options.heldBytes) return;
    throw startingError(this.#options.destination.server);
  }

  send(frame: Frame, caller?: CallerHeaders): void {
    if (this.#held === undefined) return this.#upstream.send(frame, caller);
    this.#held.push({ frame, caller });
    this.#heldBytes += byteLength(frame.line);
  }

  pause(): void {
    this.#upstream.pause();
  }

  resume(): void {
    this.#upstream.resume();
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }

  ask(frame: Frame): void {
    this.#upstream.send(frame);
  }

  ready(result: JsonObject): void {
    const { recorder, changed, listener } = this.#options;
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    listener.spoken?.();
    for (const { frame, caller } of held) this.#upstream.send(frame, caller);
    if (!recorder.greeted(result)) return;
    for (const method of LISTS_CHANGED) changed(method);
  }

  refused({ line }: ResponseFrame): void {
    const { code, message } = errorOf(line);
    const text = `The MCP server "${this.#options.destination.server}" refused initialize.`;
    this.#options.listener.ended(new GatewayError("spawn_failed", text, { data: { rpc: { code, message } } }));
  }

  listed(answer: ResponseFrame): void {
    const { recorder, changed } = this.#options;
    if (!answer.failed && recorder.listed(answer)) changed(methods.toolsChanged);
  }

  #read(frame: Frame): void {
    if (frame.kind === "response" && this.#handshake?.takes(frame) === true) {
      if (this.#handshake.isOver) this.#handshake = undefined;
      return;
    }
    this.#options.listener.frame(frame);
  }

  /** What waits for the handshake has certainly not run. */
  #onEnded(error: GatewayError, open: readonly OpenRequest[]): void {
    const held = (this.#held ?? []).flatMap(({ frame }) =>
      frame.kind === "request" ? [{ frame, mayHaveRun: false }] : [],
    );
    this.#options.listener.ended(error, [...open, ...held]);
  }

  #onBadMessage(id: RequestId | undefined, error: GatewayError, open: OpenRequest | undefined): void {
    const { listener } = this.#options;
    // Without a response to `initialize` the server is unusable.
    if (this.#handshake?.isOpenedBy(id) === true) listener.ended(error);
    else listener.badMessage(id, error, open);
  }
}
