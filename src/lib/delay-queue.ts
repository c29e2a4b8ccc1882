/** Calls `due` for each item a short while after it was added, unless it is removed first. All items share one timer. */
export class DelayQueue<T> {
  readonly #everyMs: number;
  readonly #due: (item: T) => void;
  #young = new Set<T>();
  #old = new Set<T>();
  #isTicking = false;

  /** An item is due between one and two times `everyMs` after it was added. */
  constructor(everyMs: number, due: (item: T) => void) {
    this.#everyMs = everyMs;
    this.#due = due;
  }

  add(item: T): void {
    this.#young.add(item);
    if (this.#isTicking) return;
    this.#isTicking = true;
    setTimeout(() => this.#tick(), this.#everyMs);
  }

  remove(item: T): void {
    if (!this.#young.delete(item)) this.#old.delete(item);
  }

  #tick(): void {
    const due = this.#old;
    [this.#old, this.#young] = [this.#young, new Set()];
    for (const item of due) this.#due(item);
    this.#isTicking = this.#old.size > 0 || this.#young.size > 0;
    if (this.#isTicking) setTimeout(() => this.#tick(), this.#everyMs);
  }
}
