export interface FairLimits {
  /** Maximum number of entries of one owner. */
  readonly perOwner: number;
  /** Maximum number of entries of all owners together. */
  readonly entries: number;
  /** Maximum total weight of all entries. */
  readonly weight?: number;
  readonly maxAgeMs: number;
}

interface Entry<V> {
  readonly owner: Owner<V>;
  readonly key: string;
  readonly value: V;
  readonly weight: number;
  readonly at: number;
}

interface Owner<V> {
  readonly name: string;
  /** Oldest first. */
  readonly entries: Map<string, Entry<V>>;
  weight: number;
}

/**
 * A bounded store shared by many owners. An owner over its own limit loses its oldest entry. Over a shared limit, the owner that
 * uses the most of it loses one, so a heavy user cannot evict the entries of a light one.
 */
export class FairStore<V> {
  readonly #limits: FairLimits;
  readonly #owners = new Map<string, Owner<V>>();
  /** Oldest first. */
  readonly #all = new Set<Entry<V>>();
  #weight = 0;

  constructor(limits: FairLimits) {
    this.#limits = limits;
  }

  get(owner: string, key: string): V | undefined {
    this.#dropOld();
    return this.#owners.get(owner)?.entries.get(key)?.value;
  }

  /** Stores the value as the newest entry. */
  set(owner: string, key: string, value: V, weight = 0): void {
    this.delete(owner, key);
    this.#dropOld();
    const of = this.#owners.get(owner) ?? { name: owner, entries: new Map<string, Entry<V>>(), weight: 0 };
    const entry = { owner: of, key, value, weight, at: performance.now() };
    this.#owners.set(owner, of);
    of.entries.set(key, entry);
    of.weight += weight;
    this.#all.add(entry);
    this.#weight += weight;
    this.#makeRoom(of);
  }

  delete(owner: string, key: string): void {
    const entry = this.#owners.get(owner)?.entries.get(key);
    if (entry !== undefined) this.#drop(entry);
  }

  #dropOld(): void {
    const now = performance.now();
    for (const entry of this.#all) {
      if (now - entry.at < this.#limits.maxAgeMs) return;
      this.#drop(entry);
    }
  }

  #makeRoom(newest: Owner<V>): void {
    const { perOwner, entries, weight = Number.POSITIVE_INFINITY } = this.#limits;
    if (newest.entries.size > perOwner) this.#dropOldestOf(newest);
    if (this.#all.size > entries) this.#dropOldestOf(this.#largest(({ entries: { size } }) => size) ?? newest);
    while (this.#weight > weight) this.#dropOldestOf(this.#largest((owner) => owner.weight) ?? newest);
  }

  #largest(sizeOf: (owner: Owner<V>) => number): Owner<V> | undefined {
    let largest: Owner<V> | undefined;
    for (const owner of this.#owners.values()) {
      if (largest === undefined || sizeOf(owner) > sizeOf(largest)) largest = owner;
    }
    return largest;
  }

  #dropOldestOf({ entries }: Owner<V>): void {
    for (const oldest of entries.values()) return this.#drop(oldest);
  }

  #drop(entry: Entry<V>): void {
    const { owner, key, weight } = entry;
    this.#all.delete(entry);
    this.#weight -= weight;
    owner.weight -= weight;
    owner.entries.delete(key);
    if (owner.entries.size === 0) this.#owners.delete(owner.name);
  }
}
