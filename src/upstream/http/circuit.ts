import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";

/** So many failures in a row, without an answer between them, open it. */
const FAILURES = 3;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A trial that is heard of no more by then was given up by its caller. */
const TRIAL_MS = 30_000;

/**
 * Keeps requests from an origin that cannot be reached: after some failures they are refused at once, except for one now and then,
 * less and less often, that tries again.
 */
export class Circuit {
  readonly #origin: string;
  readonly #emit: Emit;
  readonly #limit: number;
  #failures = 0;
  #pauseMs = 0;
  #opensAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;

  /** It opens after `limit` failures in a row; Infinity for one that never does. */
  constructor(origin: string, emit: Emit, limit = FAILURES) {
    this.#origin = origin;
    this.#emit = emit;
    this.#limit = limit;
  }

  get isOpen(): boolean {
    return this.#pauseMs > 0;
  }

  /** The time until the next request may try. */
  get waitMs(): number {
    return this.isOpen ? Math.max(0, this.#opensAt - performance.now()) : 0;
  }

  /** Whether a request may go out: the circuit is closed, or it is time for a trial and none is on its way. */
  get mayTry(): boolean {
    if (!this.isOpen) return true;
    const now = performance.now();
    return now >= this.#opensAt && now - this.#triedAt > TRIAL_MS;
  }

  /** Throws `circuit_open` while requests are refused. */
  check(server: string): void {
    if (this.mayTry) return;
    const now = performance.now();
    const message = `The MCP server "${server}" cannot be reached at the moment; it is tried again soon.`;
    throw new GatewayError("circuit_open", message, { retryAfterMs: Math.max(500, Math.ceil(this.#opensAt - now)) });
  }

  /** A request goes out; while it is open, that is the one trial. */
  enter(): void {
    if (this.isOpen) this.#triedAt = performance.now();
  }

  succeeded(): void {
    this.#failures = 0;
    if (!this.isOpen) return;
    this.#pauseMs = 0;
    this.#emit({ type: "origin.resumed", origin: this.#origin });
  }

  failed(error: GatewayError): void {
    this.#failures++;
    if (this.#failures < this.#limit) return;
    const now = performance.now();
    // Requests that were on their way when it opened say nothing new.
    if (this.isOpen && now < this.#opensAt) return;
    if (!this.isOpen) this.#emit({ type: "origin.paused", origin: this.#origin, error });
    this.#pauseMs = this.isOpen ? Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#opensAt = now + withJitter(this.#pauseMs);
    this.#triedAt = Number.NEGATIVE_INFINITY;
  }
}

/** Between three quarters and the whole, so that many gateways do not come back at the same moment. */
export const withJitter = (ms: number): number => ms * (0.75 + Math.random() / 4);
