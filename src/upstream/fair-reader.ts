import type { Readable } from "node:stream";

/** A shorter read means that the pipe is empty; only after a full read does Node read on in the same turn. */
const FULL_READ_BYTES = 32 * 1024;
/** How long one pipe may be read before all other sockets and pipes get their turn. */
const TURN_MS = 4;

/** Reads a pipe and yields to the event loop now and then, so that one busy pipe does not starve the others. */
export class FairReader {
  readonly #pipe: Readable;
  readonly #read: (chunk: Buffer) => void;
  readonly #failed: (cause: unknown) => void;
  #spentMs = 0;
  #isResting = false;
  #isPaused = false;

  /** `failed` hears what `read` throws. */
  constructor(pipe: Readable, read: (chunk: Buffer) => void, failed: (cause: unknown) => void) {
    this.#pipe = pipe;
    this.#read = read;
    this.#failed = failed;
    pipe.on("data", (chunk: Buffer) => this.#take(chunk));
    // A broken pipe is closed right after this event; the exit of its process is handled elsewhere.
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
    if (chunk.length < FULL_READ_BYTES) return this.#pass(chunk);
    const startedAt = performance.now();
    this.#pass(chunk);
    this.#spentMs += performance.now() - startedAt;
    if (this.#spentMs >= TURN_MS) this.#rest();
  }

  #pass(chunk: Buffer): void {
    try {
      this.#read(chunk);
    } catch (cause) {
      this.#failed(cause);
    }
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
