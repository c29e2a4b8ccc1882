/** Work that waits, taken in turns from those who brought it, so that nobody's much holds up another's little. */
export class CheckQueue<T> {
  readonly #maxPerOwner: number;
  readonly #byOwner = new Map<string, T[]>();

  constructor(maxPerOwner: number) {
    this.#maxPerOwner = maxPerOwner;
  }

  get isEmpty(): boolean {
    return this.#byOwner.size === 0;
  }

  /** False when this owner has enough waiting already. */
  add(owner: string, item: T): boolean {
    const items = this.#byOwner.get(owner);
    if (items === undefined) this.#byOwner.set(owner, [item]);
    else if (items.length >= this.#maxPerOwner) return false;
    else items.push(item);
    return true;
  }

  /** The oldest of the owner whose turn it is. */
  take(): T | undefined {
    for (const [owner, items] of this.#byOwner) {
      this.#byOwner.delete(owner);
      const item = items.shift();
      // Behind all others.
      if (items.length > 0) this.#byOwner.set(owner, items);
      return item;
    }
    return undefined;
  }
}
