import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";

export interface BodyLimits {
  /** Maximum size of one body. */
  readonly bodyBytes: number;
  /** Maximum size of all bodies in memory at once. */
  readonly bodiesBytes: number;
}

/** Bounds the memory used by request bodies. One caller may use at most half of it, so that no caller locks the others out. */
export class Bodies {
  readonly bodyBytes: number;
  readonly #bytes: number;
  readonly #bytesEach: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor({ bodyBytes, bodiesBytes }: BodyLimits) {
    this.bodyBytes = bodyBytes;
    // Always large enough for one body, whatever is configured.
    this.#bytes = Math.max(bodiesBytes, bodyBytes);
    this.#bytesEach = Math.max(bodiesBytes / 2, bodyBytes);
  }

  get taken(): number {
    return this.#taken;
  }

  /** A reservation for the body of one request, empty at first. */
  room(principal: Principal): BodyRoom {
    const key = principalKey(principal);
    return new BodyRoom((bytes) => this.#take(key, bytes));
  }

  /** Throws, and reserves nothing, when not enough is left. A negative number releases. */
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

/** The memory reserved for one body. */
export class BodyRoom {
  readonly #take: (bytes: number) => void;
  #bytes = 0;

  constructor(take: (bytes: number) => void) {
    this.#take = take;
  }

  /** Throws when not enough is left. */
  grow(bytes: number): void {
    this.#take(bytes);
    this.#bytes += bytes;
  }

  /** Idempotent. */
  free(): void {
    this.#take(-this.#bytes);
    this.#bytes = 0;
  }
}
