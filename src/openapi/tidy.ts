import type { Warn } from "../lib/warnings.ts";
import { accepts, acceptsType, typesOf } from "./accepts.ts";
import { isJsonList, type Json, type JsonObject, without } from "./json.ts";

/**
 * What one schema says, without what contradicts itself: each step leaves the set of accepted values as it was, or
 * takes away a promise that could never be kept. Linters and strict clients stumble over all of these.
 */
export function tidy(schema: JsonObject, warn: Warn): JsonObject {
  return [withoutForeign, withFittingValues, withFittingConst, withFittingExamples, withMembers].reduce(
    (tidied, step) => step(tidied, warn),
    schema,
  );
}

const OBJECT_KEYWORDS = [
  "properties",
  "patternProperties",
  "additionalProperties",
  "propertyNames",
  "required",
] as const;
const ARRAY_KEYWORDS = ["items", "prefixItems", "contains"] as const;

/** `items` beside `type: object` has no effect. */
function withoutForeign(schema: JsonObject): JsonObject {
  const types = typesOf(schema);
  if (types === undefined) return schema;
  return without(
    schema,
    ...(types.includes("object") ? [] : OBJECT_KEYWORDS),
    ...(types.includes("array") ? [] : ARRAY_KEYWORDS),
  );
}

function withFittingValues(schema: JsonObject, warn: Warn): JsonObject {
  const values = schema["enum"];
  if (!isJsonList(values)) return schema;
  const fitting = values.filter((value) => acceptsType(schema, value));
  if (fitting.length > 0) return { ...schema, enum: fitting };
  warn("an enum without a possible value was left out");
  return without(schema, "enum");
}

function withFittingConst(schema: JsonObject, warn: Warn): JsonObject {
  const only = schema["const"];
  if (only === undefined || acceptsType(schema, only)) return schema;
  warn("a const that does not match its type was left out");
  return without(schema, "const");
}

function withFittingExamples(schema: JsonObject, warn: Warn): JsonObject {
  const { default: value, examples, ...rest } = schema;
  const hasDefault = value !== undefined && accepts(rest, value);
  if (value !== undefined && !hasDefault) warn("a default that its own schema does not accept was left out");
  const fitting = isJsonList(examples) ? examples.filter((example) => accepts(rest, example)) : [];
  return { ...rest, ...(hasDefault ? { default: value } : {}), ...(fitting.length > 0 ? { examples: fitting } : {}) };
}

/** GPT Actions wants `properties` on every object, OpenAPI `items` on every array; an empty `required` says nothing. */
function withMembers(schema: JsonObject): JsonObject {
  const types = typesOf(schema) ?? [];
  const { required, ...rest } = schema;
  const needed: Record<string, Json> = {};
  if (types.includes("object") && rest["properties"] === undefined) needed["properties"] = {};
  if (types.includes("array") && rest["items"] === undefined) needed["items"] = {};
  if (isJsonList(required) && required.length > 0) needed["required"] = required;
  return { ...rest, ...needed };
}
