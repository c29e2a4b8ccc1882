import type { Quota } from "../../protocol/quota.ts";

/** Some requests to be counted under one key. */
export interface Charge {
  readonly key: string;
  /** How many requests. */
  readonly points: number;
  /** How many the window may have. */
  readonly limit: number;
  /** The key of the config that sets it. */
  readonly rule: string;
}

export interface Count extends Quota {
  /** Nothing was counted, because the window has no room for all of them. */
  readonly isExceeded: boolean;
  /** The key of the config that sets the limit. */
  readonly rule: string;
}

/** Counts requests in windows of one minute that begin with the first request. */
export interface Counters {
  /** Counts all charges or none. The result is that of the charge that has the least room left. */
  take(charges: readonly Charge[]): Count | Promise<Count>;
  /** The charge that is known to be exceeded, if there is one. Counts nothing. */
  foresee(charges: readonly Charge[]): Count | undefined;
}

/** The count to report of two: one that is exceeded for longest, else the one with the least room left. */
export function tighter(one: Count | undefined, other: Count): Count {
  if (one === undefined) return other;
  if (one.isExceeded !== other.isExceeded) return one.isExceeded ? one : other;
  if (one.isExceeded) return one.resetMs >= other.resetMs ? one : other;
  return one.remaining <= other.remaining ? one : other;
}
