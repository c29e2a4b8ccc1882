/** A queue that serves its owners in turn, so that one owner's many items do not delay the few of another. */
export class CheckQueue<T> {
  readonly #maxPerOwner: number;
  readonly #byOwner = new Map<string, T[]>();

  constructor(maxPerOwner: number) {
    this.#maxPerOwner = maxPerOwner;
  }

  get isEmpty(): boolean {
    return this.#byOwner.size === 0;
  }

  /** False when the owner's share of the queue is full. */
  add(owner: string, item: T): boolean {
    const items = this.#byOwner.get(owner);
    if (items === undefined) this.#byOwner.set(owner, [item]);
    else if (items.length >= this.#maxPerOwner) return false;
    else items.push(item);
    return true;
  }

  /** The oldest item of the owner whose turn it is. */
  take(): T | undefined {
    for (const [owner, items] of this.#byOwner) {
      this.#byOwner.delete(owner);
      const item = items.shift();
      // Re-inserts the owner behind all others.
      if (items.length > 0) this.#byOwner.set(owner, items);
      return item;
    }
    return undefined;
  }
}
