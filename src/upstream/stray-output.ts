import { Sampler } from "../lib/sampler.ts";

/** How much a server may write to its stdout that is no message, between two messages. */
export const MAX_STRAY_BYTES = 8 * 1024 * 1024;
/** What looked like a message costs more than its bytes: it was parsed, or is told to the log as a mistake. */
const PARSED_BYTES = 1_024;
/** A line over `limits.messageBytes` may well be an honest answer: so many in a row are none. */
const MAX_LONG_LINES = 16;
const SAMPLES_PER_SECOND = 5;

/** Hears of some of the lines; `dropped` were left out since the last one. */
export type StrayListener = (text: string, dropped: number) => void;

/** What a server writes to its stdout that is no message: counted, and shown in samples, as it may never end. */
export class StrayOutput {
  readonly #sampler = new Sampler(SAMPLES_PER_SECOND);
  readonly #onSample: StrayListener;
  #bytes = 0;

  constructor(onSample: StrayListener) {
    this.#onSample = onSample;
  }

  /** The server says nothing else any more. */
  get isTooMuch(): boolean {
    return this.#bytes > MAX_STRAY_BYTES;
  }

  /** A line of so many bytes; its text is only read when it is shown. */
  add(bytes: number, text: () => string): void {
    this.#bytes += bytes + 1;
    this.#show(text);
  }

  /** A line that had to be parsed to know that it is no message, or not a good one, which is told elsewhere: then without a text. */
  addParsed(bytes: number, text?: () => string): void {
    this.#bytes += Math.max(bytes, PARSED_BYTES);
    if (text !== undefined) this.#show(text);
  }

  /** A line that was too long to be kept. */
  addLong(): void {
    this.#bytes += MAX_STRAY_BYTES / MAX_LONG_LINES;
  }

  /** A message came: what was written before it was only noise on the way. */
  reset(): void {
    this.#bytes = 0;
  }

  #show(text: () => string): void {
    const dropped = this.#sampler.take();
    if (dropped !== undefined) this.#onSample(text(), dropped);
  }
}
