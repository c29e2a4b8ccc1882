import { isJsonList, isJsonObject, type Json, type JsonObject } from "./json.ts";

/**
 * Whether a default or an example can be valid for its own schema. Checks what OpenAPI linters report as errors (types, values,
 * bounds, members) and assumes the rest.
 */
export function conforms(schema: JsonObject, value: Json): boolean {
  return (
    conformsToType(schema, value) &&
    conformsToEnum(schema, value) &&
    conformsToBounds(schema, value) &&
    conformsToSize(schema, value) &&
    conformsToItems(schema, value) &&
    conformsToMembers(schema, value)
  );
}

/** The types named by a schema, or `undefined` when any type is allowed. */
export function typesOf(schema: JsonObject): readonly Json[] | undefined {
  const type = schema["type"];
  if (type === undefined) return undefined;
  return isJsonList(type) ? type : [type];
}

export function conformsToType(schema: JsonObject, value: Json): boolean {
  const types = typesOf(schema);
  return types === undefined || types.some((type) => isOfType(type, value));
}

function isOfType(type: Json, value: Json): boolean {
  if (type === "null") return value === null;
  if (type === "array") return isJsonList(value);
  if (type === "object") return isJsonObject(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}

function conformsToEnum(schema: JsonObject, value: Json): boolean {
  const { enum: values, const: only } = schema;
  if (only !== undefined && JSON.stringify(only) !== JSON.stringify(value)) return false;
  return !isJsonList(values) || textsOf(values).has(JSON.stringify(value));
}

/** Cached, because a long enum may be checked against a long list of defaults. */
const texts = new WeakMap<readonly Json[], ReadonlySet<string>>();

function textsOf(values: readonly Json[]): ReadonlySet<string> {
  const known = texts.get(values) ?? new Set(values.map((value) => JSON.stringify(value)));
  texts.set(values, known);
  return known;
}

function conformsToBounds(schema: JsonObject, value: Json): boolean {
  if (typeof value !== "number") return true;
  return (
    value >= bound(schema, "minimum", -Infinity) &&
    value <= bound(schema, "maximum", Infinity) &&
    value !== schema["exclusiveMinimum"] &&
    value !== schema["exclusiveMaximum"] &&
    value >= bound(schema, "exclusiveMinimum", -Infinity) &&
    value <= bound(schema, "exclusiveMaximum", Infinity) &&
    isMultiple(value, bound(schema, "multipleOf", 0))
  );
}

/** Only integers are checked: 0.3 is a multiple of 0.1, but not in floating-point arithmetic. */
function isMultiple(value: number, of: number): boolean {
  return of === 0 || !Number.isInteger(of) || Number.isInteger(value / of);
}

function conformsToSize(schema: JsonObject, value: Json): boolean {
  if (typeof value === "string") return isWithin(schema, Array.from(value).length, "Length");
  if (isJsonList(value)) return isWithin(schema, value.length, "Items");
  return !isJsonObject(value) || isWithin(schema, Object.keys(value).length, "Properties");
}

function isWithin(schema: JsonObject, size: number, what: "Length" | "Items" | "Properties"): boolean {
  return size >= bound(schema, `min${what}`, 0) && size <= bound(schema, `max${what}`, Infinity);
}

function bound(schema: JsonObject, keyword: string, otherwise: number): number {
  const value = schema[keyword];
  return typeof value === "number" ? value : otherwise;
}

function conformsToItems(schema: JsonObject, value: Json): boolean {
  const { items, prefixItems } = schema;
  if (!isJsonList(value)) return true;
  const first = isJsonList(prefixItems) ? prefixItems : [];
  return value.every((item, index) => {
    const expected = first[index] ?? items;
    return !isJsonObject(expected) || conforms(expected, item);
  });
}

function conformsToMembers(schema: JsonObject, value: Json): boolean {
  if (!isJsonObject(value)) return true;
  const { properties, required, additionalProperties } = schema;
  const known = isJsonObject(properties) ? properties : {};
  const isComplete =
    !isJsonList(required) || required.every((key) => typeof key === "string" && Object.hasOwn(value, key));
  return (
    isComplete &&
    Object.entries(value).every(([key, member]) => {
      const expected = Object.hasOwn(known, key) ? known[key] : additionalProperties;
      if (expected === false) return isJsonObject(schema["patternProperties"]);
      return !isJsonObject(expected) || conforms(expected, member);
    })
  );
}
