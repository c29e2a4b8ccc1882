import { LONGEST_TIMER_MS } from "../../lib/units.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import { guarded, type Emit } from "../../protocol/events.ts";

export interface PatienceOptions {
  readonly origin: string;
  /** How often a request is sent again. */
  readonly retries: number;
  /** Until the first time; each further wait is twice as long. */
  readonly delayMs: number;
  /** The longest of these waits. */
  readonly longestDelayMs?: number;
  /** No request waits longer than this altogether. */
  readonly waitMs: number;
  readonly emit: Emit;
}

/** A request that can be sent again. */
export interface Patient {
  /** `performance.now()` when it was to be sent first. */
  readonly startedAt: number;
  /** How often it has been sent again. */
  tries: number;
  again(): void;
}

/** For a message that is no request: how long it is tried to be sent, by default, and how soon it is tried again. */
const INSIST_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** Lets requests wait while their server is away, instead of failing at once: for a client that has no other server. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #waiting = new Map<Patient, NodeJS.Timeout>();
  /** Why the server cannot be reached; undefined while it can. */
  #outage: GatewayError | undefined;
  /** Why the last request has to wait. */
  #reason: GatewayError | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** Why requests wait; undefined while none has to. */
  get outage(): GatewayError | undefined {
    return this.#outage ?? (this.#waiting.size > 0 ? this.#reason : undefined);
  }

  /** False when the request has waited long enough, or would have to wait too long. `error` is why it could not be answered. */
  hold(patient: Patient, error: GatewayError): boolean {
    const { retries, delayMs, waitMs, longestDelayMs = Number.POSITIVE_INFINITY } = this.#options;
    const leftMs = patient.startedAt + waitMs - performance.now();
    const { retryAfterMs = 0 } = error;
    if (patient.tries >= retries || leftMs <= retryAfterMs) return false;
    const pauseMs = Math.max(Math.min(delayMs * 2 ** Math.min(patient.tries, 20), longestDelayMs), retryAfterMs);
    patient.tries++;
    this.#reason = error;
    // The last attempt comes at the end of its time.
    const timer = setTimeout(() => this.#release(patient), Math.min(pauseMs, leftMs, LONGEST_TIMER_MS));
    this.#waiting.set(patient, timer);
    return true;
  }

  /** It is not wanted any more. */
  forget(patient: Patient): void {
    clearTimeout(this.#waiting.get(patient));
    this.#waiting.delete(patient);
  }

  /** The server cannot be reached. */
  away(error: GatewayError): void {
    const isKnown = this.#outage !== undefined;
    this.#outage = error;
    if (isKnown) return;
    const { origin, emit, waitMs } = this.#options;
    emit({ type: "origin.away", origin, error, waitMs });
  }

  /** The server answers: what waits for it need not wait any longer. */
  back(): void {
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    const { origin, emit } = this.#options;
    emit({ type: "origin.resumed", origin });
    const waiting = [...this.#waiting.keys()];
    for (const patient of waiting) this.#release(patient);
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #release(patient: Patient): void {
    this.forget(patient);
    guarded(this.#options.emit, "a request could not be sent again", () => patient.again());
  }
}

/** For what is said besides requests, which is short: it is tried again sooner, and however often. */
export const insistenceFor = (origin: string, emit: Emit, waitMs = INSIST_MS): Patience =>
  new Patience({
    origin,
    retries: Number.POSITIVE_INFINITY,
    delayMs: FIRST_DELAY_MS,
    longestDelayMs: LONGEST_DELAY_MS,
    waitMs,
    emit,
  });
