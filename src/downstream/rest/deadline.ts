import { LONGEST_TIMER_MS } from "../../lib/units.ts";
import { GatewayError } from "../../protocol/errors.ts";

/** A timeout, and the setting that determines it, as a user knows it. */
export interface TimeLimit {
  readonly ms: number;
  readonly setting: string;
}

/** How long an overview of all servers, or a document about them, waits for those that are silent. */
export const OVERVIEW: TimeLimit = { ms: 5_000, setting: "for an overview" };

/** The deadline of one request, counted from its arrival. */
export class Deadline {
  readonly #limit: TimeLimit;
  readonly #arrivedAt: number;

  constructor(limit: TimeLimit, arrivedAt = performance.now()) {
    this.#limit = limit;
    this.#arrivedAt = arrivedAt;
  }

  /** Negative when the deadline has passed. */
  get leftMs(): number {
    return this.#arrivedAt + this.#limit.ms - performance.now();
  }

  /**
   * Calls `over` at the deadline; undefined when there is none, or when it is further away than a timer can wait. The caller
   * clears the timer.
   */
  timer(over: () => void): NodeJS.Timeout | undefined {
    const ms = this.leftMs;
    return ms > LONGEST_TIMER_MS ? undefined : setTimeout(over, Math.max(0, ms));
  }

  refuseIfOver(doing: string): void {
    if (this.leftMs <= 0) throw this.error(doing);
  }

  /** `doing` completes "was not answered in time: …". `longest` is named instead if its time has passed too. */
  error(doing: string, longest?: TimeLimit): GatewayError {
    const passedMs = performance.now() - this.#arrivedAt;
    const { ms, setting } = longest !== undefined && passedMs >= longest.ms ? longest : this.#limit;
    const message = `No answer within ${ms} ms (${setting}): ${doing}.`;
    return new GatewayError("call_timeout", message, { data: { limit: setting } });
  }
}
