import { GatewayError } from "../protocol/errors.ts";

const WINDOW_MS = 3 * 60_000;
const YOUNG_MS = 10_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Stops starting a server that keeps dying young: after `limit` such exits in three minutes it rests, longer each time. */
export class CrashLoop {
  readonly #server: string;
  readonly #limit: number;
  #exits: number[] = [];
  #pauseMs = FIRST_PAUSE_MS;
  #restsUntil = 0;

  /** `limit` 0 switches it off. */
  constructor(server: string, limit: number) {
    this.#server = server;
    this.#limit = limit;
  }

  /** Throws while the server rests. */
  check(): void {
    const leftMs = this.#restsUntil - performance.now();
    if (leftMs <= 0) return;
    const message = `The MCP server "${this.#server}" ended ${this.#limit} times shortly after starting; it is not started again for a while.`;
    throw new GatewayError("crash_loop", message, { retryAfterMs: Math.ceil(leftMs) });
  }

  exited(ageMs: number): void {
    if (this.#limit === 0) return;
    if (ageMs >= YOUNG_MS) return this.#recover();
    const now = performance.now();
    // One of those that were already running when the rest began tells nothing new.
    if (now < this.#restsUntil) return;
    this.#exits = [...this.#exits.filter((at) => now - at < WINDOW_MS), now];
    if (this.#exits.length < this.#limit) return;
    this.#restsUntil = now + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    // One more young exit after the rest, and it rests again.
    this.#exits = this.#exits.slice(1 - this.#limit);
  }

  #recover(): void {
    this.#exits = [];
    this.#pauseMs = FIRST_PAUSE_MS;
  }
}
