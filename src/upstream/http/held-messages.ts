import { byteLength } from "../../lib/lines.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { OpenRequest } from "../../protocol/upstream.ts";
import type { Outgoing } from "./post.ts";

/** The least that a message counts: many small ones take memory too. */
const LEAST_BYTES = 512;

/** Messages that wait until the server may have them. */
export class HeldMessages {
  #messages: Outgoing[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(outgoing: Outgoing): void {
    this.#messages.push(outgoing);
    this.#bytes += costOf(outgoing.frame);
  }

  shift(): Outgoing | undefined {
    const outgoing = this.#messages.shift();
    if (outgoing !== undefined) this.#bytes -= costOf(outgoing.frame);
    return outgoing;
  }

  /** Empties it. The requests among them have certainly not run. */
  takeRequests(): OpenRequest[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages.flatMap(({ frame }) => (frame.kind === "request" ? [{ frame, mayHaveRun: false }] : []));
  }
}

export const costOf = ({ line }: Frame): number => Math.max(LEAST_BYTES, byteLength(line));
