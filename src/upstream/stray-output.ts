import { Sampler } from "../lib/sampler.ts";

/** How much a server may write to its stdout that is no message, between two messages. */
export const MAX_STRAY_BYTES = 8 * 1024 * 1024;
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
    const dropped = this.#sampler.take();
    if (dropped !== undefined) this.#onSample(text(), dropped);
  }

  /** A message came: what was written before it was only noise on the way. */
  reset(): void {
    this.#bytes = 0;
  }
}
