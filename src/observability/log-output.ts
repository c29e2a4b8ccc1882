const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;
/** At the end of the process, a reader that has fallen behind gets this much time. */
const LAST_WORDS_MS = 250;
const WAITING_BYTES = 1024 * 1024;

export interface LogOutputOptions {
  /** Writes what there is room for, at once, and says how many bytes that were; throws when it is none. */
  readonly write: (bytes: Uint8Array) => number;
  readonly isTerminal: boolean;
}

/**
 * Where the log goes. Nobody waits for it: what cannot be written waits in a queue of limited size, and what does not fit into that is
 * dropped and counted. A reader that stalls, one that is gone and a full disk are all the same: writing is tried again.
 */
export class LogOutput {
  readonly isTerminal: boolean;
  /** Told how many lines were dropped, when writing works again. */
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

  /** Takes one line, or several that belong together. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    const isWaiting = this.#waiting.length > 0;
    // After a gap nothing is taken until the gap is reported, so that the report stands where the lines are missing.
    if (this.#dropped > 0 || (isWaiting && this.#waitingBytes + bytes.length > WAITING_BYTES)) {
      this.#dropped++;
      return;
    }
    this.#enqueue(bytes);
    if (isWaiting) return;
    if (!this.#drain()) this.#tryLater();
  }

  /** For the end of the process, which no timer outlives. */
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

  /** True when nothing waits any more. */
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
      // No room now, nobody reads, or the disk is full. There is no other place to say it.
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
