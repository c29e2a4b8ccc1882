import { member } from "../lib/json.ts";
import { isProgressToken, type ProgressToken, type RequestFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

interface OpenCall {
  readonly token: ProgressToken | undefined;
  readonly clock: NodeJS.Timeout | undefined;
}

/** The requests that a server has not answered, each with the clock that it was given. */
export class OpenCalls {
  readonly #calls = new Map<RequestId, OpenCall>();

  get size(): number {
    return this.#calls.size;
  }

  get ids(): RequestId[] {
    return [...this.#calls.keys()];
  }

  has(id: RequestId): boolean {
    return this.#calls.has(id);
  }

  add({ id, params }: RequestFrame, clock: NodeJS.Timeout | undefined): void {
    const token = member(params?.["_meta"], "progressToken");
    this.#calls.set(id, { token: isProgressToken(token) ? token : undefined, clock });
  }

  /** False when it is not open, or no longer. */
  take(id: RequestId): boolean {
    clearTimeout(this.#calls.get(id)?.clock);
    return this.#calls.delete(id);
  }

  /** Gives a request its whole time again. */
  refresh(id: RequestId): void {
    this.#calls.get(id)?.clock?.refresh();
  }

  /** Progress gives its request its whole time again. False for a token that is none of an open request. */
  progressed(token: unknown): boolean {
    for (const call of this.#calls.values()) {
      if (call.token === undefined || call.token !== token) continue;
      call.clock?.refresh();
      return true;
    }
    return false;
  }

  clear(): void {
    for (const { clock } of this.#calls.values()) clearTimeout(clock);
    this.#calls.clear();
  }
}
