import { BACKSLASH, QUOTE, valueEnd } from "./json-scan.ts";

/** One member of an object in JSON text. */
export interface JsonMember {
  readonly key: string;
  /** Where the key starts, including its quote. */
  readonly keyAt: number;
  readonly valueAt: number;
  /** The end (exclusive) of the value. */
  readonly end: number;
}

/** The members of the JSON object that starts at `start`; none when there is no object. The text must be valid JSON. */
export function membersOf(json: string, start = skipSpace(json, 0)): JsonMember[] {
  const members: JsonMember[] = [];
  if (json.charCodeAt(start) !== OPENING) return members;
  let at = skipSpace(json, start + 1);
  while (json.charCodeAt(at) === QUOTE) {
    const keyEnd = valueEnd(json, at);
    const valueAt = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = trimmedEnd(json, valueAt, valueEnd(json, valueAt));
    members.push({ key: keyOf(json, at, keyEnd), keyAt: at, valueAt, end });
    at = skipSpace(json, end);
    if (json.charCodeAt(at) === COMMA) at = skipSpace(json, at + 1);
  }
  return members;
}

export function memberOf(members: readonly JsonMember[], key: string): JsonMember | undefined {
  for (const found of members) if (found.key === key) return found;
  return undefined;
}

/** The text of an object with only those of its members for which `text` returns something, each as that text. */
export function objectText(
  members: readonly JsonMember[],
  text: (found: JsonMember) => string | undefined,
  more: readonly string[] = [],
): string {
  return `{${[...members.flatMap((found) => text(found) ?? []), ...more].join(",")}}`;
}

const OPENING = 0x7b;
const COMMA = 0x2c;

function skipSpace(json: string, at: number): number {
  while (json.charCodeAt(at) <= 0x20) at++;
  return at;
}

function trimmedEnd(json: string, start: number, end: number): number {
  while (end > start && json.charCodeAt(end - 1) <= 0x20) end--;
  return end;
}

function keyOf(json: string, start: number, end: number): string {
  for (let at = start + 1; at < end - 1; at++) {
    if (json.charCodeAt(at) === BACKSLASH) return String(JSON.parse(json.slice(start, end)));
  }
  return json.slice(start + 1, end - 1);
}
