import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import type { Emit } from "../protocol/events.ts";
import type { Frame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import type {
  CallerHeaders,
  Connect,
  Destination,
  OpenRequest,
  Upstream,
  UpstreamListener,
} from "../protocol/upstream.ts";
import { EraOpening, type Opened } from "./era-opening.ts";
import { ModernConversation } from "./modern-conversation.ts";
import type { ServerEras } from "./server-eras.ts";

export interface EraOptions {
  readonly connect: Connect;
  readonly eras: ServerEras;
  /** How much may be queued while the era of a server is found out. */
  readonly heldBytes: number;
  readonly emit: Emit;
}

/** Connects legacy clients to servers of every era. */
export function connectAnyEra(options: EraOptions): Connect {
  return (destination, listener) =>
    options.eras.isSetTo(destination.server, "legacy")
      ? options.connect(destination, listener)
      : new EraUpstream(destination, listener, options);
}

/**
 * The upstream of a legacy client. Its messages are relayed as they are, unless the server turns out to speak the modern revision
 * only: then they are translated.
 */
class EraUpstream implements Upstream {
  readonly #destination: Destination;
  readonly #listener: UpstreamListener;
  readonly #options: EraOptions;
  #upstream: Upstream;
  /** Of the client's latest message, for those of the gateway that follow from it. */
  #caller: CallerHeaders | undefined;
  /** Undefined as soon as the era is clear. */
  #opening: EraOpening | undefined;
  /** Undefined when messages are relayed as they are. */
  #modern: ModernConversation | undefined;
  /** The end of a process that was replaced. */
  #ending: Promise<void> | undefined;
  #isPaused = false;
  #isOver = false;

  /** Throws what `connect` throws. */
  constructor(destination: Destination, listener: UpstreamListener, options: EraOptions) {
    this.#destination = destination;
    this.#listener = listener;
    this.#options = options;
    this.#caller = destination.caller;
    const { eras, heldBytes, emit } = options;
    this.#opening = new EraOpening({
      server: destination.server,
      eras,
      heldBytes,
      emit,
      send: (frame) => this.#upstream.send(frame, this.#caller),
      listener,
      legacy: () => (this.#opening = undefined),
      modern: (opened) => this.#onModern(opened),
      reconnect: () => this.#reconnect(),
    });
    this.#upstream = this.#connect();
  }

  checkRoom(): void {
    this.#upstream.checkRoom();
    this.#opening?.checkRoom();
  }

  send(frame: Frame, caller = this.#caller): void {
    this.#caller = caller;
    if (this.#modern !== undefined) return this.#modern.fromClient(frame);
    if (this.#opening !== undefined) return this.#opening.fromClient(frame);
    this.#upstream.send(frame, caller);
  }

  pause(): void {
    this.#isPaused = true;
    this.#upstream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#upstream.resume();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#opening?.close();
    this.#modern?.close();
    await Promise.all([this.#ending, this.#upstream.close()]);
  }

  #connect(): Upstream {
    return this.#options.connect(this.#destination, {
      frame: (frame) => this.#fromServer(frame),
      badMessage: (id, error, open) => this.#onBadMessage(id, error, open),
      ended: (error, open) => this.#onEnded(error, open),
    });
  }

  #fromServer(frame: Frame): void {
    if (this.#modern !== undefined) return this.#modern.fromServer(frame);
    if (this.#opening !== undefined) return this.#opening.fromServer(frame);
    this.#listener.frame(frame);
  }

  #onBadMessage(id: RequestId | undefined, error: GatewayError, open?: OpenRequest): void {
    if (this.#modern !== undefined) return this.#modern.failed(id, error);
    if (this.#opening?.takesBadMessage(id, error) === true) return;
    this.#listener.badMessage(id, error, open);
  }

  #onEnded(error: GatewayError, open?: readonly OpenRequest[]): void {
    if (this.#opening?.takesEnd() === true) return;
    this.#modern?.close();
    // What a modern server was sent is not what the client has sent.
    this.#listener.ended(error, this.#modern === undefined ? open : undefined);
  }

  #onModern({ initialize, discovered, relayed, held }: Opened): void {
    this.#opening = undefined;
    const { emit, heldBytes: keptBytes } = this.#options;
    const { server } = this.#destination;
    const send = (frame: Frame): void => this.#upstream.send(frame, this.#caller);
    const listener = this.#listener;
    const modern = new ModernConversation({ server, discovered, initialize, listener, keptBytes, send, emit });
    this.#modern = modern;
    modern.begin();
    for (const frame of relayed) modern.fromClient(frame, true);
    for (const frame of held) modern.fromClient(frame);
  }

  /** The process ended after it had named the revision that it speaks: another one is spoken to in that. */
  #reconnect(): boolean {
    if (this.#isOver) return false;
    this.#ending = this.#upstream.close();
    try {
      this.#upstream = this.#connect();
    } catch (thrown) {
      this.#listener.ended(toGatewayError(thrown));
      return false;
    }
    if (this.#isPaused) this.#upstream.pause();
    return true;
  }
}
