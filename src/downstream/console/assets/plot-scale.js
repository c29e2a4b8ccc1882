// Where a value is in a plot.

/**
 * @typedef {object} Sample
 * @property {number} at
 * @property {number | undefined} value undefined: nothing is known
 */

const TICKS = 3;

/**
 * The values that are labelled at the axis: from zero to at least the highest, in steps that people count in.
 * @param {number} highest
 * @param {"decimal" | "binary" | "whole"} steps
 */
export function ticksTo(highest, steps) {
  const step = stepOf(Math.max(highest, Number.MIN_VALUE) / TICKS, steps);
  const ticks = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: ticks + 1 }, (_, at) => at * step);
}

/**
 * @param {number} least
 * @param {"decimal" | "binary" | "whole"} steps
 */
function stepOf(least, steps) {
  if (steps === "binary") return Math.max(1024, 2 ** Math.ceil(Math.log2(least)));
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 0.001)));
  const step = power * ([1, 2, 5].find((one) => one * power >= least - 1e-12) ?? 10);
  return steps === "whole" ? Math.max(1, Math.ceil(step)) : step;
}

/**
 * @param {readonly [number, number]} from
 * @param {readonly [number, number]} to
 */
export function scale([from, end], [to, last]) {
  const factor = end === from ? 0 : (last - to) / (end - from);
  return (/** @type {number} */ value) => to + (value - from) * factor;
}

/**
 * The path of a line in an SVG image. It is interrupted where nothing is known; a sample that has no neighbour is a dot, which a round
 * line cap shows.
 * @param {readonly Sample[]} samples
 * @param {{ x: (at: number) => number, y: (value: number) => number, maxStepMs: number }} plot
 */
export function linePath(samples, { x, y, maxStepMs }) {
  let path = "";
  /** @type {number | undefined} */
  let last;
  for (const { at, value } of samples) {
    if (value === undefined) {
      last = undefined;
      continue;
    }
    const isNext = last !== undefined && at - last <= maxStepMs;
    const place = `${rounded(x(at))} ${rounded(y(value))}`;
    path += isNext ? `L${place}` : `M${place}h0`;
    last = at;
  }
  return path;
}

/**
 * The index of the time that is closest; -1 when there is none.
 * @param {readonly number[]} times ascending
 * @param {number} at
 */
export function closest(times, at) {
  let best = -1;
  for (const [index, time] of times.entries()) {
    if (best < 0 || Math.abs(time - at) <= Math.abs((times[best] ?? 0) - at)) best = index;
  }
  return best;
}

/** @param {number} value */
const rounded = (value) => Math.round(value * 10) / 10;
