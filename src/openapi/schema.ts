import { isObject } from "../lib/json.ts";
import { isTreacherousKey, type Json, type JsonObject } from "./json.ts";
import { data, DROPPED, SUBSCHEMA_KEYWORDS, isPattern, TAKES_BOOLEAN, VALUES } from "./keywords.ts";
import { SCHEMA_LEVELS, type Charge } from "./limits.ts";
import { toDraft2020 } from "./schema-dialects.ts";
import { quoted } from "../lib/text.ts";
import type { Warn } from "../lib/warnings.ts";
import { tidy } from "./tidy.ts";

/** The reader's position in a schema: its depth, and the references being expanded. */
interface Place {
  readonly level: number;
  readonly open: readonly string[];
}

/** The context in which a schema is read. `follow` resolves a `$ref`, given the keywords beside it. */
export interface ReadContext {
  readonly warn: Warn;
  readonly charge: Charge;
  readonly follow: (ref: string, beside: JsonObject, place: Place) => JsonObject;
  readonly place: Place;
}

/**
 * Converts whatever a server calls a JSON Schema into a valid 2020-12 schema that OpenAPI 3.1 can contain. Never throws, never
 * fetches, never exceeds the depth limit, and keeps every constraint it understands.
 */
export function readSchema(raw: unknown, context: ReadContext): JsonObject {
  const { place } = context;
  if (raw === false) return { not: {} };
  if (!isObject(raw)) return {};
  if (!context.charge(80 + 6 * place.level)) return tooLarge(context); // its braces and indentation, printed
  if (place.level > SCHEMA_LEVELS) return tooDeep(context);
  const modern = toDraft2020(raw);
  const keywords = Object.entries(modern).flatMap(([keyword, value]) => readKeyword(keyword, value, context));
  const own = tidy(Object.fromEntries(keywords), context.warn);
  const ref = modern["$ref"];
  return typeof ref === "string" ? context.follow(ref, own, place) : own;
}

function tooDeep({ warn }: ReadContext): JsonObject {
  warn(`a schema is nested deeper than ${SCHEMA_LEVELS} levels and is not described below that`);
  return { description: `Not described: nested deeper than ${SCHEMA_LEVELS} levels.` };
}

/** Adds no note to the document, which would cost further budget. */
function tooLarge({ warn }: ReadContext): JsonObject {
  warn("a schema is larger than a document can hold and is described only in part");
  return {};
}

type Entry = readonly [keyword: string, value: Json];

function readKeyword(keyword: string, value: unknown, context: ReadContext): readonly Entry[] {
  if (DROPPED.has(keyword) || value === undefined) return [];
  if (keyword === "pattern" && typeof value === "string" && !isPattern(value)) return brokenPattern(value, context);
  const json = SUBSCHEMA_KEYWORDS.has(keyword)
    ? readHolder(keyword, value, context)
    : (VALUES.get(keyword) ?? data)(value);
  if (json !== undefined) return affordable(nameOf(keyword), json, context);
  if (value !== null)
    context.warn(`a value of ${quoted(keyword)} cannot be represented in the document and was left out`);
  return [];
}

/** Kept as an extension for human readers: most are in another regular expression dialect, such as Python's. */
function brokenPattern(pattern: string, context: ReadContext): readonly Entry[] {
  context.warn(`the pattern ${quoted(pattern)} does not compile and was left out`);
  return affordable("x-mcp-pattern", pattern, context);
}

function affordable(keyword: string, value: Json, context: ReadContext): readonly Entry[] {
  const paysForItself = SUBSCHEMA_KEYWORDS.has(keyword); // subschemas pay for themselves
  if (paysForItself || context.charge(keyword.length + JSON.stringify(value, null, 10).length))
    return [[keyword, value]];
  tooLarge(context);
  return [];
}

/** Unknown keywords become OpenAPI extensions: linters reject them under their own name. */
function nameOf(keyword: string): string {
  const isKnown = SUBSCHEMA_KEYWORDS.has(keyword) || VALUES.has(keyword) || keyword.startsWith("x-");
  return isKnown ? keyword : `x-${keyword}`;
}

function readHolder(keyword: string, value: unknown, context: ReadContext): Json | undefined {
  const form = SUBSCHEMA_KEYWORDS.get(keyword);
  if (form === "list") {
    const isList = Array.isArray(value) && value.length > 0 && value.every((item) => isSchema(item));
    return isList ? value.map((item) => readSchema(item, below(context, 2))) : undefined;
  }
  if (form === "map") return isObject(value) ? readMap(keyword, value, context) : undefined;
  if (typeof value === "boolean" && TAKES_BOOLEAN.has(keyword)) return value;
  return isSchema(value) ? readSchema(value, below(context, 1)) : undefined;
}

function isSchema(value: unknown): boolean {
  return typeof value === "boolean" || isObject(value);
}

function readMap(keyword: string, map: Readonly<Record<string, unknown>>, context: ReadContext): JsonObject {
  const entries: [string, JsonObject][] = [];
  for (const [name, raw] of Object.entries(map)) {
    const isAllowed = !isTreacherousKey(name) && (keyword !== "patternProperties" || isPattern(name));
    if (!isAllowed)
      context.warn(`${quoted(name)} in ${quoted(keyword)} cannot be represented in the document and was left out`);
    else if (context.charge(name.length + 40)) entries.push([name, readSchema(raw, below(context, 2))]);
    else tooLarge(context);
  }
  return Object.fromEntries(entries);
}

function below(context: ReadContext, levels: number): ReadContext {
  return { ...context, place: { ...context.place, level: context.place.level + levels } };
}
