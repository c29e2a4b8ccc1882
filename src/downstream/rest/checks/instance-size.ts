import { isObject } from "../../../lib/json.ts";

/** A text costs as much as one value for so many of its characters. */
const CHARS_PER_VALUE = 128;
/** Beyond this length only the length of a text is looked at. */
export const LONG_TEXT = 2_048;
const LONG_CHARS_PER_VALUE = 1_024;
const MAX_DEPTH = 200;

/** How many values a check has to look at: a number beyond `most` where there are more than that, without walking them all. */
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
