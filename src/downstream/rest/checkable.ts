import { isObject } from "../../lib/json.ts";

const MAX_DEPTH = 50;

/** Keywords that the check leaves out. */
const LEFT_OUT = new Set([
  // Names: a `$schema` of another dialect or a repeated `$id` would stop the compiler.
  "$schema",
  "$id",
  "id",
  "$anchor",
  "$dynamicAnchor",
  // A pattern is the server's program run on the caller's text: it may take for ever (ReDoS), so it is left to the server.
  "pattern",
  "patternProperties",
  // Compares each item with each other one: a long list would stop everybody.
  "uniqueItems",
]);

/** The schema of a tool, as far as it can be checked safely here. Undefined when it is too deep to walk. */
export function checkableSchema(schema: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("the schema is nested too deeply");
  if (Array.isArray(schema)) return schema.map((item) => checkableSchema(item, depth + 1));
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(([key]) => !LEFT_OUT.has(key) && !isUndecidable(key, schema));
  return Object.fromEntries(kept.map(([key, value]) => [key, checkableValue(key, value, depth)]));
}

/** Without `patternProperties` nobody can tell which properties are additional. */
function isUndecidable(key: string, schema: object): boolean {
  const isRest = key === "additionalProperties" || key === "unevaluatedProperties";
  return isRest && Object.hasOwn(schema, "patternProperties");
}

/** A map from names to schemas: its keys are names of properties, not keywords. */
const NAMED_SCHEMAS = new Set(["properties", "$defs", "definitions", "dependentSchemas", "dependencies"]);
const PLAIN_VALUES = new Set(["const", "enum", "default", "examples"]);

function checkableValue(key: string, value: unknown, depth: number): unknown {
  if (PLAIN_VALUES.has(key)) return value;
  if (!NAMED_SCHEMAS.has(key) || !isObject(value)) return checkableSchema(value, depth + 1);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, checkableSchema(inner, depth + 2)]));
}
