import type { Writable } from "node:stream";
import { isText, partsOf, type Line } from "../lib/lines.ts";

/** Queues the lines for a server's stdin and writes those of one event loop turn at once. */
export class Outbox {
  readonly #failed: (cause: unknown) => void;
  #lines: Line[] = [];
  #bytes = 0;
  #target: Writable | undefined;
  #isFlushing = false;

  /** `failed` is called when lines could not be written; they are lost. */
  constructor(failed: (cause: unknown) => void) {
    this.#failed = failed;
  }

  /** Bytes that the server has not read yet. */
  get waitingBytes(): number {
    return this.#bytes + (this.#target?.writableLength ?? 0);
  }

  push(line: Line): void {
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    if (this.#target === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    // setImmediate runs after this turn's reads, so requests that arrived together share one system call.
    setImmediate(() => this.#flush());
  }

  /** Directs lines to `target`, queued lines first. */
  open(target: Writable): void {
    this.#target = target;
    this.#flush();
  }

  #flush(): void {
    this.#isFlushing = false;
    try {
      this.#handOver();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #handOver(): void {
    const [lines, target] = [this.#lines, this.#target];
    if (target === undefined || lines.length === 0 || !target.writable) return;
    this.#lines = [];
    this.#bytes = 0;
    if (lines.every(isText)) {
      target.write(`${lines.join("\n")}\n`);
      return;
    }
    target.cork();
    for (const line of lines) {
      for (const part of partsOf(line)) target.write(part);
      target.write("\n");
    }
    target.uncork();
  }
}
