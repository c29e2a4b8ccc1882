import { isObject } from "../lib/json.ts";
import { isTreacherousKey, type Json, type JsonObject } from "./json.ts";
import { data, DROPPED, HOLDERS, isPattern, TAKES_BOOLEAN, VALUES } from "./keywords.ts";
import { SCHEMA_LEVELS, type Spend, type Warn } from "./limits.ts";
import { toDraft2020 } from "./schema-draft7.ts";
import { quoted } from "./text.ts";
import { tidy } from "./tidy.ts";

/** Where in a schema the reader stands: how deep, and inside the expansion of which references. */
export interface Place {
  readonly level: number;
  readonly open: readonly string[];
}

/** What a whole schema is read with. `follow` says what becomes of a `$ref`, given what stood beside it. */
export interface Reading {
  readonly warn: Warn;
  readonly spend: Spend;
  readonly follow: (ref: string, beside: JsonObject, place: Place) => JsonObject;
}

/**
 * Turns what a stranger calls a JSON Schema into a valid one of 2020-12 that OpenAPI 3.1 can carry: never throws,
 * never fetches, goes no deeper than our limit, and keeps every constraint that it can understand.
 */
export function readSchema(raw: unknown, reading: Reading, place: Place): JsonObject {
  if (raw === false) return { not: {} };
  if (!isObject(raw)) return {};
  if (place.level > SCHEMA_LEVELS) return tooDeep(reading);
  if (!reading.spend(costOfSchema(place))) return tooLarge(reading);
  const modern = toDraft2020(raw);
  const keywords = Object.entries(modern).flatMap(([keyword, value]) => readKeyword(keyword, value, reading, place));
  const own = tidy(Object.fromEntries(keywords), reading.warn);
  const ref = modern["$ref"];
  return typeof ref === "string" ? reading.follow(ref, own, place) : own;
}

function tooDeep({ warn }: Reading): JsonObject {
  warn(`a schema is nested deeper than ${SCHEMA_LEVELS} levels and is not described below them`);
  return { description: `Not described: nested deeper than ${SCHEMA_LEVELS} levels.` };
}

/** Says nothing in the document, where it would be one more thing to pay for. */
function tooLarge({ warn }: Reading): JsonObject {
  warn("a schema is larger than a document can hold and is not described to its end");
  return {};
}

/** About what its braces and its indentation take in a printed document. */
function costOfSchema({ level }: Place): number {
  return 20 + 6 * level;
}

type Entry = readonly [keyword: string, value: Json];

function readKeyword(keyword: string, value: unknown, reading: Reading, place: Place): readonly Entry[] {
  if (DROPPED.has(keyword) || value === undefined) return [];
  if (keyword === "pattern" && typeof value === "string" && !isPattern(value)) return brokenPattern(value, reading);
  const json = HOLDERS.has(keyword) ? readHolder(keyword, value, reading, place) : readValue(keyword, value, reading);
  if (json !== undefined) return [[nameOf(keyword), json]];
  if (value !== null) reading.warn(`a value of ${quoted(keyword)} cannot stand in the document and was left out`);
  return [];
}

/** Kept for people to read: most come from another dialect, such as Python's. */
function brokenPattern(pattern: string, { warn, spend }: Reading): readonly Entry[] {
  warn(`the pattern ${quoted(pattern)} does not compile and was left out`);
  return spend(pattern.length) ? [["x-mcp-pattern", pattern]] : [];
}

function readValue(keyword: string, value: unknown, { spend }: Reading): Json | undefined {
  const json = (VALUES.get(keyword) ?? data)(value);
  return json !== undefined && spend(keyword.length + JSON.stringify(json).length) ? json : undefined;
}

/** Unknown keywords stay, as the extensions that OpenAPI calls them: linters refuse them under their own name. */
function nameOf(keyword: string): string {
  const isKnown = HOLDERS.has(keyword) || VALUES.has(keyword) || keyword.startsWith("x-");
  return isKnown ? keyword : `x-${keyword}`;
}

function readHolder(keyword: string, value: unknown, reading: Reading, place: Place): Json | undefined {
  const read = (raw: unknown, levels: number) => readSchema(raw, reading, { ...place, level: place.level + levels });
  const holding = HOLDERS.get(keyword);
  if (holding === "list") {
    const isList = Array.isArray(value) && value.length > 0 && value.every((item) => isSchema(item));
    return isList ? value.map((item) => read(item, 2)) : undefined;
  }
  if (holding === "map") return isObject(value) ? readMap(keyword, value, reading, (raw) => read(raw, 2)) : undefined;
  if (typeof value === "boolean" && TAKES_BOOLEAN.has(keyword)) return value;
  return isSchema(value) ? read(value, 1) : undefined;
}

function isSchema(value: unknown): boolean {
  return typeof value === "boolean" || isObject(value);
}

function readMap(
  keyword: string,
  map: Readonly<Record<string, unknown>>,
  { warn, spend }: Reading,
  read: (raw: unknown) => JsonObject,
): JsonObject {
  const entries = Object.entries(map).filter(([name]) => {
    const isSpeakable = !isTreacherousKey(name) && (keyword !== "patternProperties" || isPattern(name));
    if (!isSpeakable)
      warn(`the member ${quoted(name)} of ${quoted(keyword)} cannot stand in a document and was left out`);
    return isSpeakable && spend(name.length);
  });
  return Object.fromEntries(entries.map(([name, raw]) => [name, read(raw)]));
}
