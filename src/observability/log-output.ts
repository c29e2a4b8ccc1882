const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;
/** How long a slow reader is waited for when the process exits. */
const LAST_WORDS_MS = 250;
const WAITING_BYTES = 1024 * 1024;

export interface LogOutputOptions {
  /** Writes as many bytes as possible without blocking and returns their number; throws when there is no room at all. */
  readonly write: (bytes: Uint8Array) => number;
  readonly isTerminal: boolean;
}

/**
 * Writes the log without blocking anybody: what cannot be written is queued, and what does not fit in the queue is dropped and
 * counted. Stalled readers, closed pipes and full disks are all handled by retrying.
 */
export class LogOutput {
  readonly isTerminal: boolean;
  /** Called with the number of dropped lines once writing works again. */
  onDropped: (lines: number) => void = () => undefined;
  readonly #write: (bytes: Uint8Array) => number;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor({ write, isTerminal }: LogOutputOptions) {
    this.#write = write;
    this.isTerminal = isTerminal;
  }

  /** Whether lines wait for a reader. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes one line, or several that belong together. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    const isWaiting = this.#waiting.length > 0;
    // After a drop, further lines are dropped until the gap is reported, so that the report is where the lines are missing.
    if (this.#dropped > 0 || (isWaiting && this.#waitingBytes + bytes.length > WAITING_BYTES)) {
      this.#dropped++;
      return;
    }
    this.#enqueue(bytes);
    if (isWaiting) return;
    if (!this.#drain()) this.#tryLater();
  }

  /** Called when the process exits, after which no timer fires. */
  flush(): void {
    const deadline = performance.now() + LAST_WORDS_MS;
    while (!this.#drain() && performance.now() < deadline) sleep(FIRST_PAUSE_MS);
  }

  #enqueue(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #tryLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#drain()) this.#tryLater();
    }, this.#pauseMs).unref();
  }

  /** True when the queue is empty. */
  #drain(): boolean {
    const before = this.#waitingBytes;
    const written = this.#writeWaiting();
    this.#pauseMs = written > 0 || before === 0 ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    if (this.#waiting.length === 0 && this.#dropped > 0) this.#reportDropped();
    return this.#waiting.length === 0;
  }

  #writeWaiting(): number {
    let count = 0;
    let total = 0;
    try {
      for (const bytes of this.#waiting) {
        let offset = 0;
        while (offset < bytes.length) {
          this.#waiting[count] = bytes.subarray(offset);
          const written = this.#write(bytes.subarray(offset));
          offset += written;
          total += written;
        }
        count++;
      }
    } catch {
      // The pipe is full or closed, or the disk is full. There is nowhere else to report it.
    }
    this.#waiting.splice(0, count);
    this.#waitingBytes -= total;
    return total;
  }

  #reportDropped(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.onDropped(dropped);
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
