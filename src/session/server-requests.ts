import type { RequestId } from "../protocol/jsonrpc.ts";

/** A client that never answers must not make this grow: beyond it the oldest are forgotten. */
const MAX_OPEN = 256;

/** The requests of a server (sampling, elicitation, roots, …) that wait for the client's answer. */
export class ServerRequests {
  readonly #ids = new Set<RequestId>();

  add(id: RequestId): void {
    // An id that comes again is the newest, too: added to a set that has it, it would keep its place.
    this.#ids.delete(id);
    if (this.#ids.size >= MAX_OPEN) this.#forgetOldest();
    this.#ids.add(id);
  }

  /** False when no request with this id waits. */
  take(id: RequestId): boolean {
    return this.#ids.delete(id);
  }

  #forgetOldest(): void {
    for (const id of this.#ids) {
      this.#ids.delete(id);
      return;
    }
  }
}
