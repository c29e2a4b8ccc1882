import { withJitter } from "./circuit.ts";

/** A stream that is cut is opened again at once, but on average no more often than this. */
const SPACING_MS = 500;
/** After an attempt that opened no stream; each further wait is twice as long. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** Whatever the server says: it could have itself asked without pause. */
const SHORTEST_RETRY_MS = 100;
/** So often in a row, with brief streams, a server is believed how soon it wants to be asked again. */
const POLLS = 3;
/** A stream that ends sooner, and without an event, was closed by a server that does not want it. */
const BRIEF_MS = 250;
/** What a server has kept comes at once when its stream is resumed; what comes later than this was sent while it was open. */
const REPLAY_MS = 500;
/** The wait after that for an answer, which somebody waits for. */
const POLL_MS = 1_000;

/** When a stream that has ended is opened again. */
export class Reopening {
  readonly #isLasting: boolean;
  #openedAt = Number.NEGATIVE_INFINITY;
  #begunAt: number | undefined;
  #isResumed = false;
  #hasBrought = false;
  /** Attempts in a row that opened no stream. */
  #failures = 0;
  /** Streams in a row that brought nothing and ended soon. */
  #quiet = 0;
  #looks = 0;
  #isLive = false;

  constructor(isLasting: boolean) {
    this.#isLasting = isLasting;
  }

  get failures(): number {
    return this.#failures;
  }

  opened(isResumed: boolean): void {
    this.#isResumed = isResumed;
    this.#openedAt = performance.now();
    this.#begunAt = undefined;
    this.#hasBrought = false;
  }

  begun(): void {
    this.#begunAt = performance.now();
    this.#failures = 0;
  }

  event(): void {
    this.#hasBrought = true;
    this.#looks = 0;
    if (this.#isLive || !this.#isResumed || this.#begunAt === undefined) return;
    this.#isLive = performance.now() - this.#begunAt > REPLAY_MS;
  }

  ended(): void {
    if (this.#begunAt === undefined) this.#failures++;
    else if (this.#hasBrought || performance.now() - this.#begunAt > BRIEF_MS) this.#quiet = 0;
    else this.#quiet++;
  }

  /** `retryMs` is the wait that the server has asked for. */
  waitMs(retryMs: number | undefined): number {
    if (this.#failures > 0) return backoff(FIRST_WAIT_MS, this.#failures);
    const sinceMs = performance.now() - this.#openedAt;
    if (retryMs === undefined) return Math.max(0, this.#slow(SPACING_MS) - sinceMs);
    return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_RETRY_MS, retryMs, this.#slow(0)));
  }

  /** After which time the server is asked again what it has kept; undefined when it sends on a resumed stream. */
  get lookMs(): number | undefined {
    return this.#isLive ? undefined : backoff(POLL_MS, ++this.#looks);
  }

  /** A server that closes each stream at once is not asked ever faster. */
  #slow(usualMs: number): number {
    if (this.#quiet <= POLLS) return usualMs;
    return this.#isLasting ? backoff(POLL_MS, this.#quiet - POLLS) : POLL_MS;
  }
}

const backoff = (firstMs: number, count: number): number =>
  withJitter(Math.min(LONGEST_WAIT_MS, firstMs * 2 ** Math.min(20, count - 1)));
