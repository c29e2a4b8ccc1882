import type { JsonObject } from "../lib/json.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

/** Bounds the set for clients that never respond: beyond it the oldest ids are forgotten. */
const MAX_OPEN = 256;

/** The requests of a server (sampling, elicitation, roots, …) that wait for the client's response. */
export class ServerRequests {
  readonly #ids = new Set<RequestId>();
  #openSince = 0;

  /** Whether any is open; then a person may be thinking. */
  get areOpen(): boolean {
    return this.#ids.size > 0;
  }

  add(id: RequestId, now: number): void {
    if (this.#ids.size === 0) this.#openSince = now;
    // A reused id counts as the newest: adding it to a set that contains it would not move it.
    this.#ids.delete(id);
    if (this.#ids.size >= MAX_OPEN) this.#forgetOldest();
    this.#ids.add(id);
  }

  /** False when no request with this id is open. */
  take(id: RequestId): boolean {
    return this.#ids.delete(id);
  }

  /** The server no longer waits for the response to one of them. False when that is not open. */
  withdraw(params: JsonObject | undefined): boolean {
    const id = params?.["requestId"];
    return (typeof id === "string" || typeof id === "number") && this.take(id);
  }

  /** How long at least one request has been open without interruption. */
  openMs(now: number): number {
    return now - this.#openSince;
  }

  /** Removes and returns all open requests. */
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
