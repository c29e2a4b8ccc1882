import { LONGEST_TIMER_MS } from "../../lib/units.ts";
import { GatewayError } from "../../protocol/errors.ts";

/** What ends a wait: the setting that says so, as a user knows it. */
export interface TimeLimit {
  readonly ms: number;
  readonly setting: string;
}

/** What an overview of all servers, or a document about them, waits for those that are silent. */
export const OVERVIEW: TimeLimit = { ms: 5_000, setting: "for an overview" };

/** The time that one request may take, from its arrival, whatever it waits for. */
export class Deadline {
  readonly #limit: TimeLimit;
  readonly #arrivedAt: number;

  constructor(limit: TimeLimit, arrivedAt = performance.now()) {
    this.#limit = limit;
    this.#arrivedAt = arrivedAt;
  }

  /** Negative when it is over. */
  get leftMs(): number {
    return this.#arrivedAt + this.#limit.ms - performance.now();
  }

  /** Runs `over` when the time is over; not at all where there is no end, or none that a timer can wait for. The caller clears it. */
  timer(over: () => void): NodeJS.Timeout | undefined {
    const ms = this.leftMs;
    return ms > LONGEST_TIMER_MS ? undefined : setTimeout(over, Math.max(0, ms));
  }

  refuseIfOver(doing: string): void {
    if (this.leftMs <= 0) throw this.error(doing);
  }

  /** `doing` completes "was not answered in time: …". `longest` is named instead where that was the end of it. */
  error(doing: string, longest?: TimeLimit): GatewayError {
    const passedMs = performance.now() - this.#arrivedAt;
    const { ms, setting } = longest !== undefined && passedMs >= longest.ms ? longest : this.#limit;
    const message = `No answer within ${ms} ms (${setting}): ${doing}.`;
    return new GatewayError("call_timeout", message, { data: { limit: setting } });
  }
}
