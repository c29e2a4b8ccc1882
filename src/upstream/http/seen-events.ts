import type { Line } from "../../lib/lines.ts";

/** The ids of so many events are remembered. */
const MAX_EVENTS = 256;
const ENDS = 64;

/**
 * The latest events of one connection. A resumed stream must bring its own events only, each once (MCP 2025-11-25, transports,
 * resumability), but there are servers that replay those of all streams (server-everything is one).
 */
export class SeenEvents {
  readonly #digests = new Map<string, number>();
  /** Nothing comes twice before a stream was resumed. */
  #hasResumed = false;

  resumed(): void {
    this.#hasResumed = true;
  }

  /** Whether this event has come before. Some servers give the same id to different events. */
  repeats(id: string, data: Line): boolean {
    const digest = digestOf(data);
    if (this.#digests.get(id) === digest) return this.#hasResumed;
    this.#digests.set(id, digest);
    if (this.#digests.size <= MAX_EVENTS) return false;
    for (const oldest of this.#digests.keys()) {
      this.#digests.delete(oldest);
      break;
    }
    return false;
  }
}

/** Of its length and its ends. */
function digestOf(data: Line): number {
  const isShort = data.length <= 2 * ENDS;
  const text = isShort ? data.toString() : data.slice(0, ENDS).toString() + data.slice(data.length - ENDS).toString();
  let digest = data.length;
  for (let at = 0; at < text.length; at++) digest = (Math.imul(digest, 31) + text.charCodeAt(at)) | 0;
  return digest;
}
