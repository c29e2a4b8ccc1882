import { LineSplitter } from "../lib/lines.ts";
import { oneSafeLine, withoutInvisible } from "../lib/redactor.ts";

const KEPT_BYTES = 8 * 1024;
const LINE_LENGTH = 2 * 1024;
const LINES_PER_SECOND = 10;

/**
 * A server's stderr: always read (a full pipe would block the server). The end is kept for error messages, and at most ten lines
 * per second are logged.
 */
export class StderrTail {
  readonly #log: (text: string, dropped: number) => void;
  readonly #redact: (text: string) => string;
  readonly #lines: LineSplitter;
  #tail = Buffer.alloc(0);
  #second = 0;
  #logged = 0;
  #dropped = 0;

  constructor(log: (text: string, dropped: number) => void, redact: (text: string) => string = (text) => text) {
    this.#log = log;
    this.#redact = redact;
    this.#lines = new LineSplitter(KEPT_BYTES, {
      line: (line) => this.#line(line.toString()),
      tooLong: (head) => this.#line(head, "…"),
    });
  }

  push(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
    this.#lines.push(chunk);
  }

  /** The last lines joined to one. Masked before truncating, because half a secret would not be recognised. */
  last(maxLength: number): string {
    const text = oneSafeLine(this.#masked(this.#tail.toString("utf8").trimEnd()), KEPT_BYTES);
    return text.slice(-maxLength).trim();
  }

  #line(line: string, end = ""): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) [this.#second, this.#logged] = [second, 0];
    if (++this.#logged > LINES_PER_SECOND) {
      this.#dropped++;
      return;
    }
    this.#log(oneSafeLine(this.#masked(line), LINE_LENGTH) + end, this.#dropped);
    this.#dropped = 0;
  }

  #masked(text: string): string {
    return this.#redact(withoutInvisible(text));
  }
}
