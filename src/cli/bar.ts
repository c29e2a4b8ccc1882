import { LogOutput } from "../observability/log-output.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const TICK_MS = 100;
const CLEAR = "\r\u001B[K";

/** One line on a terminal that says what is waited for, and for how long already. Elsewhere it writes nothing. */
export class Bar {
  readonly #output: LogOutput;
  /** Where lines of the log go while the bar is there: it makes room for them. */
  readonly log: LogOutput;
  #text = "";
  #since = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: LogOutput, env: NodeJS.ProcessEnv) {
    this.#output = output;
    const shows = output.isTerminal && env["TERM"] !== "dumb";
    this.#ticks = shows ? 0 : -1;
    this.log = shows ? this.#above() : output;
  }

  /** Shows this text from now on; the clock goes on if it runs. */
  show(text: string): void {
    if (this.#ticks === -1) return;
    this.#text = text;
    if (this.#timer !== undefined) return;
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#draw(), TICK_MS);
    this.#timer.unref();
  }

  hide(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#output.write(CLEAR);
  }

  #draw(): void {
    const seconds = Math.floor((performance.now() - this.#since) / 1_000);
    const frame = FRAMES[this.#ticks++ % FRAMES.length] ?? "";
    this.#output.write(`${CLEAR}${frame} ${this.#text}${seconds === 0 ? "" : ` ${seconds} s`}`);
  }

  #above(): LogOutput {
    const write = (bytes: Uint8Array): number => {
      this.#output.write(`${this.#timer === undefined ? "" : CLEAR}${Buffer.from(bytes).toString()}`);
      return bytes.length;
    };
    return new LogOutput({ write, isTerminal: this.#output.isTerminal });
  }
}
