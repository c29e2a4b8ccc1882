// Figures as people read them. Numbers of one column have the same form, so that they line up.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** @param {number} value */
export function bytes(value) {
  const at = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  // 1023.9 KiB is not 1024 KiB.
  const scaled = value / 1024 ** at;
  const [number, unit] = scaled >= 1023.5 && at < UNITS.length - 1 ? [scaled / 1024, at + 1] : [scaled, at];
  return `${number < 9.95 && unit > 0 ? number.toFixed(1) : number.toFixed(0)} ${UNITS[unit] ?? ""}`;
}

/**
 * How long a call took.
 * @param {number} ms
 */
export function millis(ms) {
  if (ms < 9.95) return `${trimmed(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  return duration(ms);
}

/**
 * How long something has lasted, in at most two units.
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor(seconds / 60) % 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${two(Math.floor(seconds / 3600) % 24)} h`;
}

/**
 * How often, in a second.
 * @param {number} value
 */
export function rate(value) {
  if (value >= 999.5) return `${trimmed((value / 1000).toFixed(1))}k`;
  return value < 9.95 ? trimmed(value.toFixed(1)) : value.toFixed(0);
}

/** @param {number} value */
export const count = (value) => value.toLocaleString("en");

/**
 * The time of the day, for the person who reads it, with milliseconds.
 * @param {number} at
 */
export function timeOfDay(at) {
  const date = new Date(at);
  return `${hoursAndMinutes(at)}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** @param {number} at */
export function hoursAndMinutes(at) {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * A number and its noun.
 * @param {number} value
 * @param {string} noun
 */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** @param {string} number */
const trimmed = (number) => number.replace(/\.0$/, "");
