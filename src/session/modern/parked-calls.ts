import { principalKey, type Principal } from "../../protocol/principal.ts";

export interface ParkedLimits {
  readonly parked: number;
  readonly parkedPerPrincipal: number;
}

type End = () => void;

/**
 * The calls that wait for their clients' answers, each of which keeps a process. A caller with too many loses its oldest; when there are
 * too many in all, the caller who has the most loses one, so that a heavy user cannot end the calls of a light one.
 */
export class ParkedCalls {
  readonly #limits: ParkedLimits;
  /** Oldest first. */
  readonly #byCaller = new Map<string, Set<End>>();
  #size = 0;

  constructor(limits: ParkedLimits) {
    this.#limits = limits;
  }

  /** `end` ends the call, after which it is not counted any more. Returns what is to be called when it has ended otherwise. */
  add(principal: Principal, end: End): End {
    const key = principalKey(principal);
    const { parked, parkedPerPrincipal } = this.#limits;
    if ((this.#byCaller.get(key)?.size ?? 0) >= parkedPerPrincipal) this.#endOldestOf(key);
    if (this.#size >= parked) this.#endOldestOf(this.#largest(key));
    const own = this.#byCaller.get(key) ?? new Set();
    // A function of its own, because the same one may be given twice.
    const entry = (): void => end();
    this.#byCaller.set(key, own.add(entry));
    this.#size++;
    return () => this.#remove(key, entry);
  }

  /** With the one that is to come, for which the caller with this key counts. */
  #largest(key: string): string {
    let largest = key;
    let most = (this.#byCaller.get(key)?.size ?? 0) + 1;
    for (const [caller, { size }] of this.#byCaller) {
      if (size > most) [largest, most] = [caller, size];
    }
    return this.#byCaller.has(largest) ? largest : (this.#byCaller.keys().next().value ?? key);
  }

  #endOldestOf(key: string): void {
    for (const oldest of this.#byCaller.get(key) ?? []) {
      this.#remove(key, oldest);
      return oldest();
    }
  }

  #remove(key: string, entry: End): void {
    const own = this.#byCaller.get(key);
    if (own?.delete(entry) !== true) return;
    this.#size--;
    if (own.size === 0) this.#byCaller.delete(key);
  }
}
