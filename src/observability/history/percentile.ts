import { DURATION_BOUNDS } from "../tallies.ts";

/**
 * The time in ms within which the share `part` of the requests ended, estimated from how many fell between the bounds; undefined
 * without requests. What took longer than the last bound counts as that.
 */
export function percentile(counts: readonly number[], part: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all <= 0) return undefined;
  let before = 0;
  for (const [index, bound] of DURATION_BOUNDS.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0 && before + count >= part * all) {
      const from = index === 0 ? 0 : (DURATION_BOUNDS[index - 1] ?? 0);
      return (from + (bound - from) * ((part * all - before) / count)) * 1_000;
    }
    before += count;
  }
  return (DURATION_BOUNDS.at(-1) ?? 0) * 1_000;
}
