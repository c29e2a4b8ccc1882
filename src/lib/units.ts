const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|KB|MB|GB)$/;

/** The formats that `durationMs` and `sizeBytes` accept, for schemas. */
export const DURATION_PATTERN = /^(?:0|off|\d+(?:\.\d+)?(?:ms|s|m|h|d))$/;
export const SIZE_PATTERN = /^\d+(?:\.\d+)?(?:B|KiB|MiB|GiB|KB|MB|GB)$/;

const MS = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const BYTES = new Map([
  ["B", 1],
  ["KB", 1_000],
  ["MB", 1_000_000],
  ["GB", 1_000_000_000],
  ["KiB", 1_024],
  ["MiB", 1_048_576],
  ["GiB", 1_073_741_824],
]);

/** Node replaces a longer delay with 1 ms (Node docs, timers, `setTimeout`). */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `"90s"` → 90000. `"0"` and `"off"` mean "no limit" and give Infinity. */
export function durationMs(text: string): number {
  if (text === "0" || text === "off") return Number.POSITIVE_INFINITY;
  return scaled(text, DURATION, MS);
}

/** `"4MiB"` → 4194304. */
export function sizeBytes(text: string): number {
  return scaled(text, SIZE, BYTES);
}

function scaled(text: string, shape: RegExp, units: ReadonlyMap<string, number>): number {
  const [, amount, unit] = shape.exec(text) ?? [];
  const scale = unit === undefined ? undefined : units.get(unit);
  if (amount === undefined || scale === undefined) throw new RangeError(`"${text}" has no unit that is known here`);
  return Math.round(Number(amount) * scale);
}
