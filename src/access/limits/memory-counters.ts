import { QUOTA_WINDOW_S } from "../../protocol/quota.ts";
import { tighter, type Charge, type Count, type Counters } from "./counters.ts";

const WINDOW_MS = QUOTA_WINDOW_S * 1_000;
const MAX_WINDOWS = 10_000;

interface Window {
  count: number;
  /** Monotonic, so that a changed system time neither prolongs nor ends a window. */
  readonly endsAt: number;
}

/**
 * Counts in this process. Synchronous, unlike `RateLimiterMemory` of rate-limiter-flexible, which costs a promise per call and a
 * timer per key, and bounded: at the bound the oldest window is forgotten, so that a newcomer is never refused for others.
 */
export class MemoryCounters implements Counters {
  /** In the order in which they began, so the first one ends first. */
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#windows.size;
  }

  take(charges: readonly Charge[]): Count {
    const now = this.#now();
    const [only] = charges;
    if (only !== undefined && charges.length === 1) return this.#takeOne(only, now);
    let worst: Count | undefined;
    for (const charge of charges) worst = tighter(worst, this.#look(charge, now));
    if (worst?.isExceeded === true) return worst;
    for (const { key, points } of charges) this.#add(key, points, now);
    return worst ?? NOTHING;
  }

  foresee(charges: readonly Charge[]): Count | undefined {
    const now = this.#now();
    for (const charge of charges) {
      const count = this.#look(charge, now);
      if (count.isExceeded) return count;
    }
    return undefined;
  }

  /** By far the most requests are counted once: the window is looked up once. */
  #takeOne(charge: Charge, now: number): Count {
    const window = this.#windows.get(charge.key);
    const isOpen = window !== undefined && window.endsAt > now;
    const count = countOf(isOpen ? window : undefined, charge, now);
    if (count.isExceeded) return count;
    if (isOpen) window.count += charge.points;
    else this.#add(charge.key, charge.points, now);
    return count;
  }

  /** The count as it is with this charge, which is not counted yet. */
  #look(charge: Charge, now: number): Count {
    const window = this.#windows.get(charge.key);
    const isOpen = window !== undefined && window.endsAt > now;
    return countOf(isOpen ? window : undefined, charge, now);
  }

  #add(key: string, points: number, now: number): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.endsAt > now) {
      window.count += points;
      return;
    }
    // Deleted first: a new entry is the last one of the map.
    this.#windows.delete(key);
    this.#windows.set(key, { count: points, endsAt: now + WINDOW_MS });
    this.#forget(now);
  }

  /** Two at a time, so that closed windows disappear faster than new ones begin. */
  #forget(now: number): void {
    for (let looks = 0; looks < 2; looks++) {
      const [oldest] = this.#windows;
      if (oldest === undefined) return;
      const [key, { endsAt }] = oldest;
      if (endsAt > now && this.#windows.size <= MAX_WINDOWS) return;
      this.#windows.delete(key);
    }
  }
}

/** `window` is undefined when none is open. */
function countOf(window: Window | undefined, { points, limit, rule }: Charge, now: number): Count {
  const count = window === undefined ? 0 : window.count;
  const isExceeded = count + points > limit;
  const remaining = limit - count - (isExceeded ? 0 : points);
  return { limit, remaining, resetMs: window === undefined ? WINDOW_MS : window.endsAt - now, isExceeded, rule };
}

const NOTHING: Count = { limit: 0, remaining: 0, resetMs: 0, isExceeded: false, rule: "" };
