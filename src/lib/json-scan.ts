/**
 * Facts about JSON text that `JSON.parse` does not report: repeated keys, nesting depth, and where an element or a value starts.
 * The text must be valid JSON. One pass over the structural characters; strings are skipped with `indexOf`.
 */

export const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
export const BACKSLASH = 0x5c;

export interface KeyPosition {
  readonly key: string;
  /** 1 for a key of the outermost object. */
  readonly depth: number;
  /** Where the key starts, including its quote. */
  readonly keyAt: number;
  /** Where the value starts. */
  readonly valueAt: number;
}

/** Calls `onKey` for each object key at depth `maxKeyDepth` or less. Returns the maximum nesting depth. */
export function scanKeys(json: string, maxKeyDepth: number, onKey: (key: KeyPosition) => void): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (opens(code)) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (closes(code)) {
      depth--;
    } else if (code === QUOTE) {
      const end = stringEnd(json, at);
      if (depth <= maxKeyDepth) reportKey(json, { start: at, end, depth }, onKey);
      at = end;
    }
  }
  return deepest;
}

function reportKey(
  json: string,
  { start, end, depth }: { start: number; end: number; depth: number },
  onKey: (key: KeyPosition) => void,
): void {
  const colon = skipSpace(json, end + 1);
  if (json.charCodeAt(colon) !== COLON) return;
  onKey({ key: unquoted(json, start, end), depth, keyAt: start, valueAt: skipSpace(json, colon + 1) });
}

/** True when the text is nested more than `levels` deep. Stops as soon as that is known; the text need not be valid JSON. */
export function isDeeperThan(json: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(json, at);
    else if (opens(code) && ++depth > levels) return true;
    else if (closes(code)) depth--;
  }
  return false;
}

/** The end (exclusive) of the value that starts at `start`. */
export function valueEnd(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(json, at);
    else if (opens(code)) depth++;
    else if (closes(code)) depth--;
    // Objects, arrays and strings end with a closing character of their own; numbers and literals end before the next delimiter.
    if (depth === 0 && (code === QUOTE || closes(code))) return at + 1;
    if (depth < 0 || (depth === 0 && code === COMMA)) return at;
  }
  return json.length;
}

/** The text of each element of a JSON array. */
export function arrayElements(json: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = json.indexOf("[") + 1;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(json, at);
    else if (opens(code)) depth++;
    else if (code === COMMA && depth === 0) {
      elements.push(json.slice(start, at).trim());
      start = at + 1;
    } else if (closes(code) && --depth < 0) {
      const last = json.slice(start, at).trim();
      if (last !== "") elements.push(last);
      return elements;
    }
  }
  return elements;
}

/** The text without line breaks, which in JSON can only be white space between tokens. */
export function oneLine(json: string): string {
  const hasBreaks = json.includes("\n") || json.includes("\r");
  return hasBreaks ? json.replaceAll(/[\r\n]+/g, " ") : json;
}

// `{` `[` and `}` `]` differ from each other by bit 0x20 only.
export const opens = (code: number): boolean => (code | 0x20) === 0x7b;
export const closes = (code: number): boolean => (code | 0x20) === 0x7d;

function stringEnd(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === -1 ? json.length : end;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function skipSpace(json: string, at: number): number {
  while (json.charCodeAt(at) <= 0x20) at++;
  return at;
}

function unquoted(json: string, start: number, end: number): string {
  const inner = json.slice(start + 1, end);
  return inner.includes("\\") ? String(JSON.parse(json.slice(start, end + 1))) : inner;
}
