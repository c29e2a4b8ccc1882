import type { Writable } from "node:stream";
import { guarded, type Emit } from "../protocol/events.ts";
import { partsOf, type Line } from "../lib/lines.ts";

export interface OutputListener {
  /** The client does not read fast enough; `drained` follows when it has. */
  full(): void;
  drained(): void;
  /** Nobody reads any more. */
  gone(): void;
}

/** Writes messages for the client of a pipe, one per line (MCP, stdio transport). */
export class StdioOutput {
  readonly #output: Writable;
  readonly #listener: OutputListener;
  #isFull = false;
  #isGone = false;

  constructor(output: Writable, listener: OutputListener, emit: Emit) {
    this.#output = output;
    this.#listener = listener;
    const what = "the output of the client failed";
    output.on("drain", () => guarded(emit, what, () => this.#onDrain()));
    for (const event of ["error", "close"]) output.on(event, () => guarded(emit, what, () => this.#onGone()));
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  write(line: Line): void {
    if (this.#isGone) return;
    if (typeof line === "string") this.#output.write(`${line}\n`);
    else this.#writeParts(line);
    if (this.#isFull || !this.#output.writableNeedDrain) return;
    this.#isFull = true;
    this.#listener.full();
  }

  /** Resolves when all is written, or nobody reads any more. */
  flushed(): Promise<void> {
    if (this.#isGone || this.#output.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#output.once("drain", resolve);
      this.#output.once("close", resolve);
      this.#output.once("error", () => resolve());
      // Calls back when everything before it is written; without it a short rest would not announce itself.
      this.#output.write("", () => resolve());
    });
  }

  #writeParts(line: Line): void {
    this.#output.cork();
    for (const part of partsOf(line)) this.#output.write(part);
    this.#output.write("\n");
    this.#output.uncork();
  }

  #onDrain(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#listener.drained();
  }

  #onGone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#listener.gone();
  }
}
