import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";

export interface BodyLimits {
  /** Of one body. */
  readonly bodyBytes: number;
  /** Of all that are in memory at once. */
  readonly bodiesBytes: number;
}

/** What the bodies of all requests may take together; one caller's at most half of it, so that no one shuts the others out. */
export class Bodies {
  readonly bodyBytes: number;
  readonly #bytes: number;
  readonly #bytesEach: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor({ bodyBytes, bodiesBytes }: BodyLimits) {
    this.bodyBytes = bodyBytes;
    // However little was configured, one body has room.
    this.#bytes = Math.max(bodiesBytes, bodyBytes);
    this.#bytesEach = Math.max(bodiesBytes / 2, bodyBytes);
  }

  get taken(): number {
    return this.#taken;
  }

  /** Room for the body of one request, none of it taken yet. */
  room(principal: Principal): BodyRoom {
    const key = principalKey(principal);
    return new BodyRoom((bytes) => this.#take(key, bytes));
  }

  /** Throws, and takes nothing, when there is not so much left. A negative number gives back. */
  #take(key: string, bytes: number): void {
    const all = this.#taken + bytes;
    const own = (this.#takenBy.get(key) ?? 0) + bytes;
    if (bytes > 0 && (all > this.#bytes || own > this.#bytesEach)) {
      const message =
        "Request bodies already take all the memory that limits.bodiesBytes allows; send this one again soon.";
      throw new GatewayError("too_many_bodies", message, { retryAfterMs: RETRY_MS });
    }
    this.#taken = all;
    if (own === 0) this.#takenBy.delete(key);
    else this.#takenBy.set(key, own);
  }
}

const RETRY_MS = 1_000;

/** What one body has taken. */
export class BodyRoom {
  readonly #take: (bytes: number) => void;
  #bytes = 0;

  constructor(take: (bytes: number) => void) {
    this.#take = take;
  }

  /** Throws when there is not so much left. */
  grow(bytes: number): void {
    this.#take(bytes);
    this.#bytes += bytes;
  }

  /** May be called twice. */
  free(): void {
    this.#take(-this.#bytes);
    this.#bytes = 0;
  }
}
