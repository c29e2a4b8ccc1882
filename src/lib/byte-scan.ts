import { BACKSLASH, closes, opens, QUOTE } from "./json-scan.ts";
import type { Pieces } from "./pieces.ts";

/** The end (exclusive) of the JSON object or array that begins at `start`; -1 when it is not closed. */
export function closingEnd(json: Pieces, start: number): number {
  const scan = new ClosingScan();
  let passed = start;
  for (const part of json.slice(start).parts) {
    const end = scan.push(part);
    if (end !== -1) return passed + end;
    passed += part.length;
  }
  return -1;
}

/** Tracks nesting depth across parts; strings are skipped with `indexOf`. */
class ClosingScan {
  #depth = 0;
  #inString = false;
  /** True when the last byte was a backslash, inside a string, that escapes the next byte. */
  #isEscaped = false;

  /** The end (exclusive) of the value within this part, or -1. */
  push(part: Buffer): number {
    let at = 0;
    while (at < part.length) {
      if (this.#inString) at = this.#skipString(part, at);
      else if (this.#isLast(part[at++] ?? 0)) return at;
    }
    return -1;
  }

  #isLast(code: number): boolean {
    if (code === QUOTE) this.#inString = true;
    else if (opens(code)) this.#depth++;
    else if (closes(code)) return --this.#depth === 0;
    return false;
  }

  /** The position after the next quote, which ends the string unless it is escaped. */
  #skipString(part: Buffer, start: number): number {
    const quote = part.indexOf(QUOTE, start);
    const end = quote === -1 ? part.length : quote;
    let at = end;
    while (at > start && part[at - 1] === BACKSLASH) at--;
    const backslashes = end - at + (at === start && this.#isEscaped ? 1 : 0);
    const isEscaped = backslashes % 2 === 1;
    if (quote !== -1) this.#inString = isEscaped;
    this.#isEscaped = quote === -1 && isEscaped;
    return end + 1;
  }
}
