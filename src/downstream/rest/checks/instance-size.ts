import { isObject } from "../../../lib/json.ts";

/** A string counts as one more value for each of this many characters. */
const CHARS_PER_VALUE = 128;
/** For a longer string, only its length is examined. */
export const LONG_TEXT = 2_048;
const LONG_CHARS_PER_VALUE = 1_024;
const MAX_DEPTH = 200;

/** The number of values a check has to visit. Stops counting beyond `most`. */
export function instanceSize(value: unknown, most: number, depth = 0): number {
  if (typeof value === "string") return 1 + textSize(value);
  if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  let size = 1;
  if (Array.isArray(value)) {
    for (const item of value) {
      size += instanceSize(item, most - size, depth + 1);
      if (size > most) break;
    }
  } else if (isObject(value)) {
    for (const key in value) {
      size += 1 + textSize(key) + instanceSize(value[key], most - size, depth + 1);
      if (size > most) break;
    }
  }
  return size;
}

const textSize = ({ length }: string): number => length / (length > LONG_TEXT ? LONG_CHARS_PER_VALUE : CHARS_PER_VALUE);
