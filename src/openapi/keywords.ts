import { copyJson, isTreacherousKey, type Json } from "./json.ts";
import { isObject } from "../lib/json.ts";
import { DATA_LEVELS } from "./limits.ts";
import { plainText } from "../lib/text.ts";

/** The form in which a keyword holds subschemas. */
type SubschemaForm = "schema" | "list" | "map";

/** The JSON Schema 2020-12 keywords that hold subschemas. */
export const SUBSCHEMA_KEYWORDS: ReadonlyMap<string, SubschemaForm> = new Map([
  ...each<SubschemaForm>("items contains not if then else propertyNames contentSchema", "schema"),
  ...each<SubschemaForm>("additionalProperties unevaluatedProperties unevaluatedItems", "schema"),
  ...each<SubschemaForm>("allOf anyOf oneOf prefixItems", "list"),
  ...each<SubschemaForm>("properties patternProperties dependentSchemas", "map"),
]);

/** Keywords whose value may be `true` or `false`; OpenAPI linters accept a boolean schema nowhere else. */
export const TAKES_BOOLEAN = words("additionalProperties unevaluatedProperties");

/** Keywords for identity and definitions, which are not needed once references are resolved. */
export const DROPPED = words(
  "$ref $schema $id id $anchor $dynamicAnchor $recursiveAnchor $vocabulary $defs definitions",
);

/** Keywords that describe and do not constrain. */
export const ANNOTATIONS = words("title description default examples deprecated readOnly writeOnly $comment");

/** Reads the value of a keyword that holds no schema; `undefined` when it is invalid for the keyword. */
type ReadValue = (value: unknown) => Json | undefined;

export const VALUES: ReadonlyMap<string, ReadValue> = new Map([
  ...each<ReadValue>("title description $comment format contentEncoding contentMediaType", plainText),
  ...each<ReadValue>("const default", data),
  ...each<ReadValue>("enum examples", dataList),
  ...each<ReadValue>("minimum maximum exclusiveMinimum exclusiveMaximum", number),
  ...each<ReadValue>("minLength maxLength minItems maxItems minProperties maxProperties", count),
  ...each<ReadValue>("minContains maxContains", count),
  ...each<ReadValue>("uniqueItems deprecated readOnly writeOnly", flag),
  ...each<ReadValue>("multipleOf", (value) => (typeof value === "number" && value > 0 ? number(value) : undefined)),
  ...each<ReadValue>("pattern", (value) => (isPattern(value) ? value : undefined)),
  ...each<ReadValue>("type", types),
  ...each<ReadValue>("required", names),
  ...each<ReadValue>("dependentRequired", nameLists),
]);

/** A set of words, written as one readable string. */
export function words(spaced: string): ReadonlySet<string> {
  return new Set(spaced.split(" "));
}

/** Whether the pattern compiles as JSON Schema prescribes (ECMA-262 with unicode); it is never executed here. */
export function isPattern(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    return new RegExp(value, "u") instanceof RegExp;
  } catch {
    return false; // a SyntaxError is the answer
  }
}

/** Any JSON value that is allowed in a document. */
export function data(value: unknown): Json | undefined {
  return copyJson(value, DATA_LEVELS);
}

const TYPES = words("null boolean object array number integer string");

function types(value: unknown): Json | undefined {
  const known = strings(Array.isArray(value) ? value : [value]).filter((type) => TYPES.has(type));
  return known.length > 1 ? known : known[0];
}

function names(value: unknown): Json | undefined {
  return Array.isArray(value) ? strings(value) : undefined;
}

function nameLists(value: unknown): Json | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).map(([key, list]) => [key, names(list)] as const);
  return Object.fromEntries(
    entries.flatMap(([key, list]) => (list === undefined || isTreacherousKey(key) ? [] : [[key, list]])),
  );
}

function strings(values: readonly unknown[]): string[] {
  return [...new Set(values.filter((value) => typeof value === "string"))];
}

function dataList(value: unknown): Json | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item) => data(item)).filter((item) => item !== undefined);
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function number(value: unknown): Json | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function count(value: unknown): Json | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function flag(value: unknown): Json | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function each<Value>(spaced: string, value: Value): readonly (readonly [string, Value])[] {
  return [...words(spaced)].map((word) => [word, value] as const);
}
