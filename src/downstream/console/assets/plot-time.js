import { HOUR_MS } from "./history.js";

const MINUTE_MS = 60_000;
const LEAST_MS = 5 * MINUTE_MS;
const STEPS_MS = [MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS];
const MAX_TICKS = 5;

/**
 * What a plot shows: the last hour, or since something has been known.
 * @param {readonly number[]} times ascending
 * @returns {[from: number, to: number]}
 */
export function shownTime(times) {
  const to = times.at(-1) ?? Date.now();
  const known = to - (times[0] ?? to);
  return [to - Math.min(HOUR_MS, Math.max(LEAST_MS, known)), to];
}

/**
 * The full minutes that are labelled.
 * @param {readonly [from: number, to: number]} time
 */
export function timeTicks([from, to]) {
  const step = STEPS_MS.find((one) => (to - from) / one <= MAX_TICKS) ?? HOUR_MS;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: MAX_TICKS + 1 }, (_, at) => first + at * step).filter((at) => at <= to);
}
