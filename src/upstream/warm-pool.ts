import type { UpstreamListener } from "../protocol/upstream.ts";

/** The pool's view of a process. */
interface WarmProcess {
  /** Stops reading its output. */
  pause(): void;
  /** Frees its place in the start queue. */
  started(): void;
  close(): Promise<void>;
  readonly hasExited: boolean;
}

export interface WarmPoolOptions<T extends WarmProcess> {
  /** How many processes are kept warm. */
  readonly size: number;
  /** Starts a process that belongs to no session yet; throws while starts are refused after crashes. */
  readonly start: (listener: UpstreamListener) => T;
  /** Whether a start is possible now without delaying a session or reaching a limit. */
  readonly mayStart: () => boolean;
}

/** The delay before the next process is started, so that pre-warming does not compete with sessions. */
const SETTLE_MS = 1_000;
/** Refilling waits this long after a process was taken, to leave the CPU to the session that took it. */
const AFTER_TAKE_MS = 100;

/**
 * Pre-warmed processes of one server, so that a session need not wait for a start. Nothing is written to them and nothing is
 * read: their output stays in the pipe until a session adopts them. A process that exits is only replaced after the next session
 * arrives, so that a server that cannot idle, or cannot start, is not restarted endlessly.
 */
export class WarmPool<T extends WarmProcess> {
  readonly #options: WarmPoolOptions<T>;
  readonly #ready: T[] = [];
  #isOpen = false;
  #targetSize = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WarmPoolOptions<T>) {
    this.#options = options;
  }

  open(): void {
    this.#isOpen = true;
    this.#targetSize = this.#options.size;
    this.#fill();
  }

  /** Takes the oldest process; undefined when there is none. */
  take(): T | undefined {
    if (!this.#isOpen) return undefined;
    this.#targetSize = this.#options.size;
    this.#fillIn(AFTER_TAKE_MS);
    // A process may have exited although its exit event has not been emitted yet.
    for (let oldest = this.#ready.shift(); oldest !== undefined; oldest = this.#ready.shift()) {
      if (!oldest.hasExited) return oldest;
    }
    return undefined;
  }

  /** Ends the warm processes. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#targetSize = 0;
    clearTimeout(this.#timer);
    await Promise.all(this.#ready.splice(0).map((upstream) => upstream.close()));
  }

  /** Ends the warm processes, in whose place others are started. Resolves when all are gone. */
  async renew(): Promise<void> {
    if (!this.#isOpen) return;
    this.#targetSize = this.#options.size;
    const before = this.#ready.splice(0);
    this.#fillIn(SETTLE_MS);
    await Promise.all(before.map((upstream) => upstream.close()));
  }

  #fillIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#fill();
    }, ms).unref();
  }

  /** Starts one process at a time; the next one follows after SETTLE_MS, or once the limits allow it. */
  #fill(): void {
    if (this.#ready.length >= this.#targetSize) return;
    if (this.#options.mayStart()) this.#startOne();
    this.#fillIn(SETTLE_MS);
  }

  #startOne(): void {
    // `ended` may be called before `start` returns.
    let upstream: T | undefined;
    try {
      upstream = this.#options.start({
        frame: () => undefined,
        badMessage: () => undefined,
        ended: () => this.#onEnded(upstream),
      });
      this.#keep(upstream);
    } catch {
      // Starts are refused after crashes, which are logged; the next session triggers a new attempt.
      this.#targetSize = this.#ready.length;
    }
  }

  #keep(upstream: T): void {
    upstream.pause();
    this.#ready.push(upstream);
    setTimeout(() => this.#settle(upstream), SETTLE_MS).unref();
  }

  /** Frees the start-queue place of a process that is still in the pool; an adopted one frees it with its first message. */
  #settle(upstream: T): void {
    if (this.#ready.includes(upstream)) upstream.started();
  }

  #onEnded(upstream: T | undefined): void {
    const index = upstream === undefined ? -1 : this.#ready.indexOf(upstream);
    if (index !== -1) this.#ready.splice(index, 1);
    this.#targetSize = this.#ready.length;
  }
}
