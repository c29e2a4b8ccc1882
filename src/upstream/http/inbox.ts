import type { Line } from "../../lib/lines.ts";
import { oneSafeLine } from "../../lib/redactor.ts";
import { Sampler } from "../../lib/sampler.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { RequestId } from "../../protocol/jsonrpc.ts";
import { idInEnds, readServerLine } from "../../protocol/server-frame.ts";
import type { UpstreamListener } from "../../protocol/upstream.ts";
import type { Aliases } from "./aliases.ts";

const SAMPLES_PER_SECOND = 5;
const SAMPLE_LENGTH = 200;

export interface InboxOptions {
  readonly server: string;
  readonly sessionId: string;
  readonly listener: UpstreamListener;
  readonly emit: Emit;
  /** Under which ids requests were sent again. */
  readonly aliases: Aliases;
  /** Masks secrets in what is logged. */
  readonly masked: (text: string) => string;
}

/** Reads the messages of a remote server and passes them on, whichever response they came in. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #samples = new Sampler(SAMPLES_PER_SECOND);

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Returns what was passed on. An error in handling one message must not lose the messages behind it. */
  take(line: Line): Frame | undefined {
    const { emit, listener, server, sessionId, masked, aliases } = this.#options;
    const read = readServerLine(line);
    const frame = read?.kind === "response" ? aliases.restored(read) : read;
    if (frame === undefined) {
      const dropped = this.#samples.take();
      const sample = oneSafeLine(masked(line.slice(0, 8_192).toString()), SAMPLE_LENGTH);
      if (dropped !== undefined) emit({ type: "server.garbage", server, sessionId, sample, dropped });
      return undefined;
    }
    if (frame.kind === "none") {
      this.#bad(frame.id, frame.why);
      return undefined;
    }
    try {
      listener.frame(frame);
    } catch (cause) {
      emit({ type: "trouble", what: `a message of "${server}" was lost`, cause });
    }
    return frame;
  }

  /** Returns the id of the request that the message was for, as far as its ends tell. */
  tooLong(head: string, tail: string, bytes: number): RequestId | undefined {
    const id = this.#options.aliases.original(idInEnds(head, tail));
    this.#bad(id, `a message of ${bytes} bytes is over limits.messageBytes`);
    return id;
  }

  #bad(id: RequestId | undefined, why: string): void {
    const { emit, listener, server, sessionId } = this.#options;
    const dropped = this.#samples.take();
    if (dropped !== undefined) emit({ type: "server.bad-message", server, sessionId, why, dropped });
    const message = `The MCP server "${server}" sent a message that cannot be passed on: ${why}.`;
    listener.badMessage(id, new GatewayError("protocol_violation", message));
  }
}
