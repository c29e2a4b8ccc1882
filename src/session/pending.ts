import { member } from "../lib/json.ts";
import { isProgressToken, type ProgressToken, type RequestFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";

export interface PendingRequest {
  readonly id: RequestId;
  readonly method: string;
  readonly progressToken: ProgressToken | undefined;
  /** Monotonic, as `performance.now()`. */
  readonly sentAt: number;
  /** How long an answer may take, from the last sign of progress. */
  readonly timeoutMs: number;
  expiresAt: number;
}

/** The clock of a new request; `firstMs` instead of `timeoutMs` while its server is still starting. */
export interface RequestClock {
  readonly now: number;
  readonly timeoutMs: number;
  readonly firstMs: number;
}

/** The requests that wait for an answer, by id and by progress token. */
export class Pending {
  readonly #byId = new Map<RequestId, PendingRequest>();
  readonly #byToken = new Map<ProgressToken, PendingRequest>();

  get size(): number {
    return this.#byId.size;
  }

  has(id: RequestId): boolean {
    return this.#byId.has(id);
  }

  add(frame: RequestFrame, { now, timeoutMs, firstMs }: RequestClock): void {
    const token = progressTokenOf(frame);
    const { id, method } = frame;
    const expiresAt = now + firstMs;
    const request: PendingRequest = { id, method, progressToken: token, sentAt: now, timeoutMs, expiresAt };
    this.#byId.set(frame.id, request);
    if (token !== undefined) this.#byToken.set(token, request);
  }

  /** Removes and returns it; undefined when nobody waits for this id (any more). */
  take(id: RequestId): PendingRequest | undefined {
    const request = this.#byId.get(id);
    if (request === undefined) return undefined;
    this.#byId.delete(id);
    const { progressToken } = request;
    if (progressToken !== undefined && this.#byToken.get(progressToken) === request)
      this.#byToken.delete(progressToken);
    return request;
  }

  withToken(token: unknown): PendingRequest | undefined {
    return isProgressToken(token) ? this.#byToken.get(token) : undefined;
  }

  /** Those whose time is over, still in place. */
  expired(now: number): PendingRequest[] {
    const expired: PendingRequest[] = [];
    for (const request of this.#byId.values()) if (request.expiresAt <= now) expired.push(request);
    return expired;
  }

  all(): PendingRequest[] {
    return [...this.#byId.values()];
  }
}

function progressTokenOf({ params }: RequestFrame): ProgressToken | undefined {
  if (params === undefined) return undefined;
  const token = member(params["_meta"], "progressToken");
  return isProgressToken(token) ? token : undefined;
}
