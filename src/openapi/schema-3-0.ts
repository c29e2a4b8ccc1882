import { typesOf } from "./conforms.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject, without } from "./json.ts";
import { ANNOTATIONS, words } from "./keywords.ts";
import { mapSubschemas } from "./subschemas.ts";

/**
 * Converts a 2020-12 schema to OpenAPI 3.0.3. Keywords that 3.0 lacks are dropped so that the result accepts more rather than less
 * than the original. References must have been inlined.
 */
export function toOpenApi30(schema: JsonObject): JsonObject {
  const inside = mapSubschemas(withoutVagueNot(schema), toOpenApi30);
  const steps = [
    encoding,
    constant,
    bounds,
    openTuple,
    openPatterns,
    example,
    nullBranch,
    nullType,
    typeList,
    onlyKnown,
  ];
  return steps.reduce((result, step) => step(result), inside);
}

const KNOWN = words(
  "title description default example deprecated readOnly writeOnly nullable type format enum pattern multipleOf " +
    "maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength maxItems minItems uniqueItems " +
    "maxProperties minProperties required items properties additionalProperties allOf anyOf oneOf not",
);

/** Dropping a keyword inside `not` would reject more than before. */
function withoutVagueNot(schema: JsonObject): JsonObject {
  const refused = schema["not"];
  const isExact = !isJsonObject(refused) || Object.keys(refused).every((key) => KNOWN.has(key) || key === "const");
  return isExact ? schema : without(schema, "not");
}

const nothingButNull = (): JsonObject => ({ type: "string", nullable: true, enum: [null] });

function encoding(schema: JsonObject): JsonObject {
  return schema["contentEncoding"] === "base64" && schema["format"] === undefined
    ? { ...schema, format: "byte" }
    : schema;
}

function constant(schema: JsonObject): JsonObject {
  const { const: only, ...rest } = schema;
  return only === undefined ? schema : { ...rest, enum: [only] };
}

function bounds(schema: JsonObject): JsonObject {
  return flagged(flagged(schema, "minimum", "exclusiveMinimum"), "maximum", "exclusiveMaximum");
}

/** 3.0 has one bound and a flag where JSON Schema has two bounds: the stricter one is kept. */
function flagged(schema: JsonObject, bound: "minimum" | "maximum", flag: string): JsonObject {
  const { [bound]: inclusive, [flag]: exclusive, ...rest } = schema;
  if (typeof exclusive !== "number") return schema;
  const isMinimum = bound === "minimum";
  const isLooser = typeof inclusive === "number" && (isMinimum ? exclusive < inclusive : exclusive > inclusive);
  return isLooser ? { ...rest, [bound]: inclusive } : { ...rest, [bound]: exclusive, [flag]: true };
}

/** With `prefixItems`, `items` describes the rest of the array; on its own it would describe every element. */
function openTuple(schema: JsonObject): JsonObject {
  return schema["prefixItems"] === undefined ? schema : { ...schema, items: {} };
}

/** Without `patternProperties`, a closed object would reject the properties they allow. */
function openPatterns(schema: JsonObject): JsonObject {
  return schema["patternProperties"] === undefined ? schema : without(schema, "additionalProperties");
}

function example(schema: JsonObject): JsonObject {
  const { examples } = schema;
  const first = isJsonList(examples) ? examples[0] : undefined;
  return first === undefined ? schema : { ...schema, example: first };
}

/** Converts `anyOf: [X, null]`, as generated from optional fields in Python, to `nullable`. */
function nullBranch(schema: JsonObject): JsonObject {
  return withoutNullBranch(withoutNullBranch(schema, "anyOf"), "oneOf");
}

function withoutNullBranch(schema: JsonObject, keyword: "anyOf" | "oneOf"): JsonObject {
  const { [keyword]: branches, ...beside } = schema;
  if (!isJsonList(branches)) return schema;
  const others = branches.filter(isJsonObject).filter((branch) => !isNullOnly(branch));
  const host = others.findIndex((branch) => branch["type"] !== undefined);
  if (others.length === branches.length || host === -1) return schema;
  const nullable = others.map((branch, index) => (index === host ? withNull(branch) : branch));
  const hasOnlyAnnotations = Object.keys(beside).every(
    (key) => ANNOTATIONS.has(key) || key === "example" || key.startsWith("x-"),
  );
  const [only] = nullable;
  return nullable.length === 1 && hasOnlyAnnotations ? { ...only, ...beside } : { ...beside, [keyword]: nullable };
}

function isNullOnly(schema: JsonObject): boolean {
  const values = schema["enum"];
  return isJsonList(values) && values.length === 1 && values[0] === null;
}

function withNull(schema: JsonObject): JsonObject {
  const values = schema["enum"];
  return { ...schema, nullable: true, ...(isJsonList(values) ? { enum: [...values, null] } : {}) };
}

function nullType(schema: JsonObject): JsonObject {
  const types = typesOf(schema);
  if (types?.includes("null") !== true) return schema;
  const others = types.filter((type) => type !== "null");
  const [first] = others;
  if (first === undefined) return { ...schema, ...nothingButNull() };
  return { ...schema, nullable: true, type: others.length === 1 ? first : others };
}

/** 3.0 allows one type per schema, and `nullable` only beside a type. */
function typeList(schema: JsonObject): JsonObject {
  const { type: types, nullable, ...rest } = schema;
  if (!isJsonList(types)) return schema;
  const branches = types.map((type, index) => typeBranch(type, index === 0 && nullable === true));
  if (rest["anyOf"] === undefined) return { ...rest, anyOf: branches };
  const all = rest["allOf"];
  return { ...rest, allOf: [...(isJsonList(all) ? all : []), { anyOf: branches }] };
}

function typeBranch(type: Json, isNullable: boolean): JsonObject {
  return {
    type,
    ...(type === "array" ? { items: {} } : {}),
    ...(type === "object" ? { properties: {} } : {}),
    ...(isNullable ? { nullable: true } : {}),
  };
}

function onlyKnown(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => KNOWN.has(key) || key.startsWith("x-")));
}
