import { Sampler } from "../lib/sampler.ts";

/** How many bytes that are not messages a server may print between two messages. */
export const MAX_STRAY_BYTES = 8 * 1024 * 1024;
/** The minimum charge for a line that had to be parsed or logged, which costs more than its bytes. */
const PARSED_BYTES = 1_024;
/** A line over `limits.messageBytes` may be a genuine message; this many in a row are not. */
const MAX_LONG_LINES = 16;
const SAMPLES_PER_SECOND = 5;

/** Receives samples of the lines; `dropped` is the number left out since the last sample. */
export type StrayListener = (text: string, dropped: number) => void;

/** Counts what a server prints to stdout between messages, and passes on samples of it; the output may be endless. */
export class StrayOutput {
  readonly #sampler = new Sampler(SAMPLES_PER_SECOND);
  readonly #onSample: StrayListener;
  #bytes = 0;

  constructor(onSample: StrayListener) {
    this.#onSample = onSample;
  }

  /** True when the server only prints and no longer sends messages. */
  get isOverLimit(): boolean {
    return this.#bytes > MAX_STRAY_BYTES;
  }

  /** Counts a line of `bytes` bytes; `text` is only called for a sample. */
  add(bytes: number, text: () => string): void {
    this.#bytes += bytes + 1;
    this.#show(text);
  }

  /** Counts a line that was parsed but is not a valid message. Without `text` when it is reported elsewhere. */
  addParsed(bytes: number, text?: () => string): void {
    this.#bytes += Math.max(bytes, PARSED_BYTES);
    if (text !== undefined) this.#show(text);
  }

  /** Counts a line that was too long to keep. */
  addLong(): void {
    this.#bytes += MAX_STRAY_BYTES / MAX_LONG_LINES;
  }

  /** Called for every message: output before a message is harmless noise. */
  reset(): void {
    this.#bytes = 0;
  }

  #show(text: () => string): void {
    const dropped = this.#sampler.take();
    if (dropped !== undefined) this.#onSample(text(), dropped);
  }
}
