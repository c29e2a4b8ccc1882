import { GatewayError } from "../protocol/errors.ts";

const WINDOW_MS = 3 * 60_000;
const YOUNG_MS = 10_000;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Stops restarting a server that keeps crashing: after `limit` exits in three minutes, each soon after the start, starts are
 * refused for a while, longer each time.
 */
export class CrashLoop {
  readonly #server: string;
  readonly #limit: number;
  #exits: number[] = [];
  #pauseMs = FIRST_PAUSE_MS;
  #restsUntil = 0;

  /** A `limit` of 0 disables the check. */
  constructor(server: string, limit: number) {
    this.#server = server;
    this.#limit = limit;
  }

  get isOpen(): boolean {
    return this.#restsUntil > performance.now();
  }

  /** Throws while starts are refused. */
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
    // A process that was already running when the pause began says nothing new.
    if (now < this.#restsUntil) return;
    this.#exits = [...this.#exits.filter((at) => now - at < WINDOW_MS), now];
    if (this.#exits.length < this.#limit) return;
    this.#restsUntil = now + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    // One more early exit after the pause triggers the next pause.
    this.#exits = this.#exits.slice(1 - this.#limit);
  }

  #recover(): void {
    this.#exits = [];
    this.#pauseMs = FIRST_PAUSE_MS;
  }
}
