import { isObject, type JsonObject } from "../../../lib/json.ts";

const MAX_DEPTH = 50;
/** Limits beyond which a schema is not checked at all. */
const MAX_VALUES = 10_000;
const MAX_CHARS = 512 * 1024;

/** Keywords that are not checked. */
const LEFT_OUT = new Set([
  // Identifiers: a `$schema` of another dialect or a duplicate `$id` would stop the compiler.
  "$schema",
  "$id",
  "id",
  "$anchor",
  "$dynamicAnchor",
  // An extension of ajv: the check would return a promise.
  "$async",
  // A pattern runs the server's regular expression on the caller's text and may never finish (ReDoS); it is left to the server.
  "pattern",
  "patternProperties",
  // Compares all pairs of items: a long list would block the event loop.
  "uniqueItems",
  // Long texts without effect on validation.
  "title",
  "description",
  "$comment",
  "default",
  "examples",
]);

/** Keywords whose value maps names to schemas: its keys are names, not keywords. */
const NAMED_SCHEMAS = new Set(["properties", "$defs", "definitions", "dependentSchemas", "dependencies"]);
const PLAIN_VALUES = new Set(["const", "enum"]);

/** The size of a schema: its number of JSON values, and the characters in its strings and names. */
export interface SchemaSize {
  values: number;
  chars: number;
}

/** The part of a tool's schema that can be checked safely here. Throws when the schema is too deep or too large to walk. */
export function checkableSchema(schema: unknown, size: SchemaSize = { values: 0, chars: 0 }): unknown {
  return subschema(schema, 0, size);
}

function subschema(schema: unknown, depth: number, size: SchemaSize): unknown {
  count(schema, depth, size);
  if (Array.isArray(schema)) return schema.map((item) => subschema(item, depth + 1, size));
  if (!isObject(schema)) return schema;
  return mapEntries(schema, size, (key, value) => {
    if (LEFT_OUT.has(key) || isUndecidable(key, schema)) return undefined;
    if (PLAIN_VALUES.has(key)) return plainValue(value, depth + 1, size);
    if (!NAMED_SCHEMAS.has(key) || !isObject(value)) return subschema(value, depth + 1, size);
    count(value, depth, size);
    return mapEntries(value, size, (_name, inner) => subschema(inner, depth + 2, size));
  });
}

/** Without `patternProperties` it is unknown which properties are additional. */
function isUndecidable(key: string, schema: object): boolean {
  const isRest = key === "additionalProperties" || key === "unevaluatedProperties";
  return isRest && Object.hasOwn(schema, "patternProperties");
}

/** Counts the value and returns it unchanged. */
function plainValue(value: unknown, depth: number, size: SchemaSize): unknown {
  count(value, depth, size);
  if (typeof value !== "object" || value === null) return value;
  for (const [key, inner] of Object.entries(value)) {
    size.chars += key.length;
    plainValue(inner, depth + 1, size);
  }
  return value;
}

function mapEntries(
  of: JsonObject,
  size: SchemaSize,
  change: (key: string, value: unknown) => unknown,
): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  // `for in` instead of `Object.entries`: of an object with a million members only the first ones are visited.
  for (const key in of) {
    if (!Object.hasOwn(of, key)) continue;
    const changed = change(key, of[key]);
    if (changed === undefined) continue;
    size.chars += key.length;
    entries.push([key, changed]);
  }
  return Object.fromEntries(entries);
}

function count(value: unknown, depth: number, size: SchemaSize): void {
  if (depth > MAX_DEPTH) throw new RangeError("the schema is nested too deeply");
  size.values++;
  if (typeof value === "string") size.chars += value.length;
  if (size.values > MAX_VALUES || size.chars > MAX_CHARS) throw new RangeError("the schema is too large");
}
