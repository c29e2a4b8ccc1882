import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../openapi/json.ts";

const LEVELS = 6;
const MEMBERS = 40;
/** Of a default or an example: what is longer shows less. */
const CHARACTERS = 1_000;

/** A value that an inlined schema describes: what the schema itself gives as one, else what says no more than its type. */
export function exampleValue(schema: JsonObject, levels = LEVELS): Json {
  const given = givenValue(schema);
  if (given !== undefined) return given;
  const choice = firstChoice(schema);
  if (choice !== undefined && levels > 0) return exampleValue(choice, levels - 1);
  switch (typeOf(schema)) {
    case "string":
      return exampleText(schema);
    case "integer":
    case "number":
      return exampleNumber(schema);
    case "boolean":
      return true;
    case "array":
      return exampleList(schema, levels - 1);
    case "object":
      return exampleObject(schema, levels - 1);
    case "null":
      return null;
    default:
      return "text";
  }
}

/** Of the members of an object those that are required; of one that requires none, all when it stands in a list. */
export function exampleObject({ properties, required }: JsonObject, levels = LEVELS, takesAll = false): JsonObject {
  if (levels <= 0 || !isJsonObject(properties)) return {};
  const demanded = isJsonList(required) ? required : [];
  const all = Object.entries(properties);
  const wanted = takesAll && demanded.length === 0 ? all : all.filter(([name]) => demanded.includes(name));
  return Object.fromEntries(
    wanted
      .slice(0, MEMBERS)
      .map(([name, property]) => [name, isJsonObject(property) ? exampleValue(property, levels) : "text"]),
  );
}

function exampleList({ items, maxItems }: JsonObject, levels: number): Json {
  if (maxItems === 0 || levels <= 0 || !isJsonObject(items)) return [];
  // An object without members would show nothing of what belongs into it.
  const isObject = givenValue(items) === undefined && typeOf(items) === "object";
  return [isObject ? exampleObject(items, levels, true) : exampleValue(items, levels)];
}

function givenValue({
  const: only,
  default: byDefault,
  examples,
  example,
  enum: values,
}: JsonObject): Json | undefined {
  const candidates = [
    only,
    isJsonList(examples) ? examples[0] : undefined,
    example,
    byDefault === null ? undefined : byDefault,
    isJsonList(values) ? values[0] : undefined,
  ];
  return candidates.find((value) => value !== undefined && JSON.stringify(value).length <= CHARACTERS);
}

function firstChoice({ type, anyOf, oneOf, allOf }: JsonObject): JsonObject | undefined {
  if (type !== undefined) return undefined;
  const choices = [anyOf, oneOf, allOf].find((list) => isJsonList(list));
  if (!isJsonList(choices)) return undefined;
  return choices.filter(isJsonObject).find((choice) => choice["type"] !== "null");
}

function typeOf({ type, properties, items }: JsonObject): Json | undefined {
  if (isJsonList(type)) return type.find((one) => one !== "null");
  if (type !== undefined) return type;
  return properties === undefined ? (items === undefined ? undefined : "array") : "object";
}

const FORMATS = new Map([
  ["date-time", "2026-01-31T12:00:00Z"],
  ["date", "2026-01-31"],
  ["time", "12:00:00Z"],
  ["email", "ann@example.com"],
  ["uri", "https://example.com/"],
  ["url", "https://example.com/"],
  ["uuid", "123e4567-e89b-42d3-a456-426614174000"],
  ["ipv4", "192.0.2.1"],
  ["ipv6", "2001:db8::1"],
  ["hostname", "example.com"],
]);
const LONGEST = 200;

function exampleText({ format, minLength }: JsonObject): string {
  const text = (typeof format === "string" ? FORMATS.get(format) : undefined) ?? "text";
  return typeof minLength === "number" ? text.padEnd(Math.min(minLength, LONGEST), "x") : text;
}

function exampleNumber({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonObject): number {
  if (typeof minimum === "number" && minimum > 1) return minimum;
  if (typeof exclusiveMinimum === "number" && exclusiveMinimum >= 1) return exclusiveMinimum + 1;
  if (typeof maximum === "number" && maximum < 1) return maximum;
  if (typeof exclusiveMaximum === "number" && exclusiveMaximum <= 1) return exclusiveMaximum - 1;
  return 1;
}
