import type { Readable } from "node:stream";

/** Smaller reads end the system's own loop over a pipe; only after full ones it reads on at once. */
const FULL_READ_BYTES = 32 * 1024;
/** What reading one pipe may take before every other socket and pipe gets its turn. */
const TURN_MS = 4;

/** Reads a pipe, and rests for a turn of the event loop now and then, so that one that never ends does not hold up the others. */
export class FairReader {
  readonly #pipe: Readable;
  readonly #read: (chunk: Buffer) => void;
  #spentMs = 0;
  #isResting = false;
  #isPaused = false;

  constructor(pipe: Readable, read: (chunk: Buffer) => void) {
    this.#pipe = pipe;
    this.#read = read;
    pipe.on("data", (chunk: Buffer) => this.#take(chunk));
    // A pipe that breaks is closed right after; the end of its process is what counts.
    pipe.on("error", () => undefined);
  }

  pause(): void {
    this.#isPaused = true;
    this.#pipe.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isResting) this.#pipe.resume();
  }

  #take(chunk: Buffer): void {
    if (chunk.length < FULL_READ_BYTES) return this.#read(chunk);
    const startedAt = performance.now();
    this.#read(chunk);
    this.#spentMs += performance.now() - startedAt;
    if (this.#spentMs >= TURN_MS) this.#rest();
  }

  #rest(): void {
    this.#spentMs = 0;
    this.#isResting = true;
    this.#pipe.pause();
    setImmediate(() => {
      this.#isResting = false;
      if (!this.#isPaused) this.#pipe.resume();
    });
  }
}
