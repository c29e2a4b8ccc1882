import type { Writable } from "node:stream";
import { partsOf, type Line } from "../lib/lines.ts";

/** The lines on their way to a server's stdin: gathered over one turn of the loop and written at once. */
export class Outbox {
  readonly #failed: (cause: unknown) => void;
  #lines: Line[] = [];
  #bytes = 0;
  #target: Writable | undefined;
  #isFlushing = false;

  /** `failed` hears of what could not be handed over, which is lost. */
  constructor(failed: (cause: unknown) => void) {
    this.#failed = failed;
  }

  /** Bytes not yet taken by the server. */
  get waitingBytes(): number {
    return this.#bytes + (this.#target?.writableLength ?? 0);
  }

  push(line: Line): void {
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    if (this.#target === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    // After this turn's reads: requests that arrived together share one system call.
    setImmediate(() => this.#flush());
  }

  /** From here on lines go to `target`; those that waited go first. */
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
    if (lines.every((line) => typeof line === "string")) {
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
