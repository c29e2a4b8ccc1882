import { isObject } from "../lib/json.ts";
import { isTreacherousKey, type Json, type JsonObject } from "./json.ts";
import { data, DROPPED, HOLDERS, isPattern, TAKES_BOOLEAN, VALUES } from "./keywords.ts";
import { SCHEMA_LEVELS, type Charge } from "./limits.ts";
import { toDraft2020 } from "./schema-draft7.ts";
import { quoted } from "../lib/text.ts";
import type { Warn } from "../lib/warnings.ts";
import { tidy } from "./tidy.ts";

/** Where in a schema the reader stands: how deep, and inside the expansion of which references. */
interface Place {
  readonly level: number;
  readonly open: readonly string[];
}

/** What a schema is read with, and where. `follow` says what becomes of a `$ref`, given what stood beside it. */
export interface Reading {
  readonly warn: Warn;
  readonly charge: Charge;
  readonly follow: (ref: string, beside: JsonObject, place: Place) => JsonObject;
  readonly place: Place;
}

/**
 * Turns what a stranger calls a JSON Schema into a valid one of 2020-12 that OpenAPI 3.1 can carry: never throws,
 * never fetches, goes no deeper than our limit, and keeps every constraint that it can understand.
 */
export function readSchema(raw: unknown, reading: Reading): JsonObject {
  const { place } = reading;
  if (raw === false) return { not: {} };
  if (!isObject(raw)) return {};
  if (!reading.charge(80 + 6 * place.level)) return tooLarge(reading); // its braces and indentation, printed
  if (place.level > SCHEMA_LEVELS) return tooDeep(reading);
  const modern = toDraft2020(raw);
  const keywords = Object.entries(modern).flatMap(([keyword, value]) => readKeyword(keyword, value, reading));
  const own = tidy(Object.fromEntries(keywords), reading.warn);
  const ref = modern["$ref"];
  return typeof ref === "string" ? reading.follow(ref, own, place) : own;
}

function tooDeep({ warn }: Reading): JsonObject {
  warn(`a schema is nested deeper than ${SCHEMA_LEVELS} levels and is not described below that`);
  return { description: `Not described: nested deeper than ${SCHEMA_LEVELS} levels.` };
}

/** Says nothing in the document, where it would be one more thing to pay for. */
function tooLarge({ warn }: Reading): JsonObject {
  warn("a schema is larger than a document can hold and is described only in part");
  return {};
}

type Entry = readonly [keyword: string, value: Json];

function readKeyword(keyword: string, value: unknown, reading: Reading): readonly Entry[] {
  if (DROPPED.has(keyword) || value === undefined) return [];
  if (keyword === "pattern" && typeof value === "string" && !isPattern(value)) return brokenPattern(value, reading);
  const json = HOLDERS.has(keyword) ? readHolder(keyword, value, reading) : (VALUES.get(keyword) ?? data)(value);
  if (json !== undefined) return affordable(nameOf(keyword), json, reading);
  if (value !== null)
    reading.warn(`a value of ${quoted(keyword)} cannot be represented in the document and was left out`);
  return [];
}

/** Kept for people to read: most come from another dialect, such as Python's. */
function brokenPattern(pattern: string, reading: Reading): readonly Entry[] {
  reading.warn(`the pattern ${quoted(pattern)} does not compile and was left out`);
  return affordable("x-mcp-pattern", pattern, reading);
}

function affordable(keyword: string, value: Json, reading: Reading): readonly Entry[] {
  const isPaid = HOLDERS.has(keyword); // subschemas pay for themselves
  if (isPaid || reading.charge(keyword.length + JSON.stringify(value, null, 10).length)) return [[keyword, value]];
  tooLarge(reading);
  return [];
}

/** Unknown keywords stay, as the extensions that OpenAPI calls them: linters refuse them under their own name. */
function nameOf(keyword: string): string {
  const isKnown = HOLDERS.has(keyword) || VALUES.has(keyword) || keyword.startsWith("x-");
  return isKnown ? keyword : `x-${keyword}`;
}

function readHolder(keyword: string, value: unknown, reading: Reading): Json | undefined {
  const holding = HOLDERS.get(keyword);
  if (holding === "list") {
    const isList = Array.isArray(value) && value.length > 0 && value.every((item) => isSchema(item));
    return isList ? value.map((item) => readSchema(item, below(reading, 2))) : undefined;
  }
  if (holding === "map") return isObject(value) ? readMap(keyword, value, reading) : undefined;
  if (typeof value === "boolean" && TAKES_BOOLEAN.has(keyword)) return value;
  return isSchema(value) ? readSchema(value, below(reading, 1)) : undefined;
}

function isSchema(value: unknown): boolean {
  return typeof value === "boolean" || isObject(value);
}

function readMap(keyword: string, map: Readonly<Record<string, unknown>>, reading: Reading): JsonObject {
  const entries: [string, JsonObject][] = [];
  for (const [name, raw] of Object.entries(map)) {
    const isSpeakable = !isTreacherousKey(name) && (keyword !== "patternProperties" || isPattern(name));
    if (!isSpeakable)
      reading.warn(`${quoted(name)} in ${quoted(keyword)} cannot be represented in the document and was left out`);
    else if (reading.charge(name.length + 40)) entries.push([name, readSchema(raw, below(reading, 2))]);
    else tooLarge(reading);
  }
  return Object.fromEntries(entries);
}

function below(reading: Reading, levels: number): Reading {
  return { ...reading, place: { ...reading.place, level: reading.place.level + levels } };
}
