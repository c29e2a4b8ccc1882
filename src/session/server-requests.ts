import type { RequestId } from "../protocol/jsonrpc.ts";

/** A client that never answers must not make this grow: beyond it the oldest are forgotten. */
const MAX_OPEN = 256;

/** The requests of a server (sampling, elicitation, roots, …) that wait for the client's answer. */
export class ServerRequests {
  readonly #ids = new Set<RequestId>();
  #openSince = 0;

  /** Is there one? Then a person may be thinking. */
  get areOpen(): boolean {
    return this.#ids.size > 0;
  }

  add(id: RequestId, now: number): void {
    if (this.#ids.size === 0) this.#openSince = now;
    // An id that comes again is the newest, too: added to a set that has it, it would keep its place.
    this.#ids.delete(id);
    if (this.#ids.size >= MAX_OPEN) this.#forgetOldest();
    this.#ids.add(id);
  }

  /** False when no request with this id waits. */
  take(id: RequestId): boolean {
    return this.#ids.delete(id);
  }

  /** How long there has been one without a break. */
  openMs(now: number): number {
    return now - this.#openSince;
  }

  /** Those that wait; none does any more. */
  takeAll(): RequestId[] {
    const ids = [...this.#ids];
    this.#ids.clear();
    return ids;
  }

  #forgetOldest(): void {
    for (const id of this.#ids) {
      this.#ids.delete(id);
      return;
    }
  }
}
