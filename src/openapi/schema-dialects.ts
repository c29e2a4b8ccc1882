import { isObject } from "../lib/json.ts";

type RawSchema = Readonly<Record<string, unknown>>;

/** Converts one schema to JSON Schema 2020-12, from draft-04 to 2019-09 or from OpenAPI 3.0. Subschemas are left unchanged. */
export function toDraft2020(schema: RawSchema): RawSchema {
  return [tuple, dependencies, exclusiveBounds, recursion, nullable, example].reduce((raw, step) => step(raw), schema);
}

/** `items: […]` with `additionalItems`. Without an array, `additionalItems` never had an effect. */
function tuple(schema: RawSchema): RawSchema {
  const { additionalItems, ...rest } = schema;
  const { items } = rest;
  if (!Array.isArray(items)) return rest;
  const { items: _, ...others } = rest;
  return { ...others, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) };
}

/** `dependencies` held names and schemas in one map. */
function dependencies(schema: RawSchema): RawSchema {
  const { dependencies: mixed, ...rest } = schema;
  if (!isObject(mixed)) return rest;
  const entries = Object.entries(mixed);
  const dependentRequired = Object.fromEntries(entries.filter(([, value]) => Array.isArray(value)));
  const dependentSchemas = Object.fromEntries(entries.filter(([, value]) => !Array.isArray(value)));
  return { dependentRequired, dependentSchemas, ...rest };
}

/** In draft-04 an exclusive bound was a boolean flag beside the bound. */
function exclusiveBounds(schema: RawSchema): RawSchema {
  return exclusive(exclusive(schema, "minimum", "exclusiveMinimum"), "maximum", "exclusiveMaximum");
}

function exclusive(schema: RawSchema, bound: string, flag: string): RawSchema {
  const { [bound]: limit, [flag]: isExclusive, ...rest } = schema;
  if (typeof isExclusive !== "boolean") return schema;
  return isExclusive ? { ...rest, [flag]: limit } : { ...rest, ...(limit === undefined ? {} : { [bound]: limit }) };
}

/** A dynamic reference equals a static one unless another schema extends this one, and none does. */
function recursion(schema: RawSchema): RawSchema {
  const { $recursiveRef, $dynamicRef, ...rest } = schema;
  const target = $dynamicRef ?? $recursiveRef;
  return target === undefined ? rest : { $ref: target, ...rest };
}

/** Servers generated from an OpenAPI 3.0 description use its schemas. */
function nullable(schema: RawSchema): RawSchema {
  const { nullable: isNullable, ...rest } = schema;
  const { type, enum: values } = rest;
  if (isNullable !== true || type === undefined) return rest;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return { ...rest, type: [...types, "null"], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

function example(schema: RawSchema): RawSchema {
  const { example: one, ...rest } = schema;
  return one === undefined ? rest : { examples: [one], ...rest };
}
