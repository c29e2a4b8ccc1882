/** Lets the first few events of each second through and counts the rest. */
export class Sampler {
  readonly #perSecond: number;
  #second = 0;
  #taken = 0;
  #dropped = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** The number of events dropped since the last one that was let through; undefined when this one is dropped. */
  take(): number | undefined {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) [this.#second, this.#taken] = [second, 0];
    if (this.#taken >= this.#perSecond) {
      this.#dropped++;
      return undefined;
    }
    this.#taken++;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
