import type { Warn } from "../lib/warnings.ts";
import { conforms, conformsToType, typesOf } from "./conforms.ts";
import { isJsonList, type Json, type JsonObject, without } from "./json.ts";

/**
 * Removes contradictions within one schema. Each step keeps the set of accepted values, or removes a statement that no value
 * could satisfy. Linters and strict clients fail on all of these.
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

/** Removes keywords that have no effect on the declared types, such as `items` beside `type: object`. */
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
  const fitting = values.filter((value) => conformsToType(schema, value));
  if (fitting.length > 0) return { ...schema, enum: fitting };
  warn("an enum without a possible value was left out");
  return without(schema, "enum");
}

function withFittingConst(schema: JsonObject, warn: Warn): JsonObject {
  const only = schema["const"];
  if (only === undefined || conformsToType(schema, only)) return schema;
  warn("a const that does not match its type was left out");
  return without(schema, "const");
}

function withFittingExamples(schema: JsonObject, warn: Warn): JsonObject {
  const { default: value, examples, ...rest } = schema;
  const hasDefault = value !== undefined && conforms(rest, value);
  if (value !== undefined && !hasDefault) warn("a default that its own schema does not accept was left out");
  const fitting = isJsonList(examples) ? examples.filter((example) => conforms(rest, example)) : [];
  return { ...rest, ...(hasDefault ? { default: value } : {}), ...(fitting.length > 0 ? { examples: fitting } : {}) };
}

/** GPT Actions requires `properties` on every object, OpenAPI 3.0 requires `items` on every array; an empty `required` is redundant. */
function withMembers(schema: JsonObject): JsonObject {
  const types = typesOf(schema) ?? [];
  const { required, ...rest } = schema;
  const needed: Record<string, Json> = {};
  if (types.includes("object") && rest["properties"] === undefined) needed["properties"] = {};
  if (types.includes("array") && rest["items"] === undefined) needed["items"] = {};
  if (isJsonList(required) && required.length > 0) needed["required"] = required;
  return { ...rest, ...needed };
}
