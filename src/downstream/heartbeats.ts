/** Something that must be written to now and then, lest a proxy or a client takes silence for death. */
export interface Beating {
  beat(): void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One clock for all open streams instead of a timer for each. It runs only while there are any. */
export class Heartbeats {
  readonly #everyMs: number;
  readonly #beating = new Set<Beating>();
  #clock: NodeJS.Timeout | undefined;

  constructor(everyMs: number) {
    // node takes a longer timer for one of 1 ms; Infinity is how a switched-off duration arrives.
    this.#everyMs = Math.min(everyMs, LONGEST_TIMER_MS);
  }

  add(stream: Beating): void {
    this.#beating.add(stream);
    this.#clock ??= setInterval(() => this.#beat(), this.#everyMs);
  }

  remove(stream: Beating): void {
    if (!this.#beating.delete(stream) || this.#beating.size > 0) return;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  #beat(): void {
    for (const stream of this.#beating) stream.beat();
  }
}
