/** Lets the first few of each second through, and counts the others. */
export class Sampler {
  readonly #perSecond: number;
  #second = 0;
  #taken = 0;
  #dropped = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** How many were dropped since the last one that went through; undefined when this one is dropped, too. */
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
