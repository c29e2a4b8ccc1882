import type { UpstreamListener } from "../protocol/upstream.ts";

/** What the pool asks of a process. */
interface Waiting {
  /** Reads nothing of what it says. */
  pause(): void;
  /** It has had its time to come up. */
  started(): void;
  close(): Promise<void>;
  readonly hasExited: boolean;
}

export interface WarmPoolOptions<T extends Waiting> {
  /** How many processes are kept ready. */
  readonly size: number;
  /** Starts one that belongs to no session yet; throws while the server rests after crashes. */
  readonly start: (listener: UpstreamListener) => T;
  /** Is no start of a session waiting, and every limit far enough away? */
  readonly mayStart: () => boolean;
}

/** How long a process may take to come up before the next one is started: the machine is there for the sessions first. */
const SETTLE_MS = 1_000;
/** For a moment the session that took one has the machine to itself. */
const AFTER_TAKE_MS = 100;

/**
 * Processes of one entry that are started before there is a session for them, so that a session does not wait for a start.
 * Nothing is said to them and nothing they say is read: it waits in the pipe for their session. One that ends by itself is
 * replaced only after the next session came, so that a server that cannot wait, or cannot start, is not started without end.
 */
export class WarmPool<T extends Waiting> {
  readonly #options: WarmPoolOptions<T>;
  readonly #ready: T[] = [];
  #isOpen = false;
  #wanted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WarmPoolOptions<T>) {
    this.#options = options;
  }

  open(): void {
    this.#isOpen = true;
    this.#wanted = this.#options.size;
    this.#fill();
  }

  /** The one that has waited longest; undefined when there is none. */
  take(): T | undefined {
    if (!this.#isOpen) return undefined;
    this.#wanted = this.#options.size;
    this.#fillIn(AFTER_TAKE_MS);
    // One that has just ended may not have said so yet.
    for (let oldest = this.#ready.shift(); oldest !== undefined; oldest = this.#ready.shift()) {
      if (!oldest.hasExited) return oldest;
    }
    return undefined;
  }

  /** Ends those that wait. Resolves when nothing of them is left. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#wanted = 0;
    clearTimeout(this.#timer);
    await Promise.all(this.#ready.splice(0).map((upstream) => upstream.close()));
  }

  #fillIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#fill();
    }, ms).unref();
  }

  /** One at a time: the next one follows when this one has had time to come up, or when there is room for it. */
  #fill(): void {
    if (this.#ready.length >= this.#wanted) return;
    if (this.#options.mayStart()) this.#startOne();
    this.#fillIn(SETTLE_MS);
  }

  #startOne(): void {
    // One that cannot be started may say so before it is known here.
    let upstream: T | undefined;
    try {
      upstream = this.#options.start({
        frame: () => undefined,
        badMessage: () => undefined,
        ended: () => this.#lost(upstream),
      });
      this.#keep(upstream);
    } catch {
      // It rests after crashes, each of which is in the log: the next session asks again.
      this.#wanted = this.#ready.length;
    }
  }

  #keep(upstream: T): void {
    upstream.pause();
    this.#ready.push(upstream);
    setTimeout(() => this.#settle(upstream), SETTLE_MS).unref();
  }

  /** It gives its place among the starting ones up, unless a session has it: then its first word does. */
  #settle(upstream: T): void {
    if (this.#ready.includes(upstream)) upstream.started();
  }

  #lost(upstream: T | undefined): void {
    const index = upstream === undefined ? -1 : this.#ready.indexOf(upstream);
    if (index !== -1) this.#ready.splice(index, 1);
    this.#wanted = this.#ready.length;
  }
}
