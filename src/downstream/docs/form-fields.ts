import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../openapi/json.ts";
import { without } from "../../openapi/json.ts";

/** The kind of input for one argument. The options of a choice are JSON texts, so that `1` and `"1"` stay distinct. */
type FieldKind = "text" | "number" | "integer" | "choice" | "json";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly choices: readonly Json[];
  readonly schema: JsonObject;
}

export interface FormShape {
  readonly fields: readonly Field[];
  /** Whether undeclared arguments are allowed; they are entered as one JSON object. */
  readonly isOpen: boolean;
}

const FIELDS = 60;
const CHOICES = 200;
const OPENING = ["allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas", "$ref"];

/** The input fields for the inlined schema of a tool's arguments. */
export function formShape(schema: JsonObject): FormShape {
  const { properties, required, additionalProperties } = schema;
  const demanded = new Set(isJsonList(required) ? required : []);
  const known = isJsonObject(properties) ? Object.entries(properties) : [];
  const fields = known.slice(0, FIELDS).map(([name, property]) => fieldFor(name, property, demanded.has(name)));
  const isOpen =
    additionalProperties === true ||
    isJsonObject(additionalProperties) ||
    known.length > FIELDS ||
    (schema["type"] === undefined && known.length === 0) ||
    OPENING.some((keyword) => schema[keyword] !== undefined) ||
    [...demanded].some((name) => !known.some(([one]) => one === name));
  return { fields, isOpen };
}

function fieldFor(name: string, property: Json, isRequired: boolean): Field {
  const schema = isJsonObject(property) ? property : {};
  const plain = isRequired ? schema : withoutNull(schema);
  const choices = choicesOf(plain);
  return { name, isRequired, schema, choices: choices ?? [], kind: choices === undefined ? kindOf(plain) : "choice" };
}

/** An optional argument is omitted rather than null: `string or null` gets a string field. */
function withoutNull(schema: JsonObject): JsonObject {
  const { type, anyOf } = schema;
  if (isJsonList(type)) {
    const [only, ...more] = type.filter((one) => one !== "null");
    return only !== undefined && more.length === 0 ? { ...schema, type: only } : schema;
  }
  const [only, ...more] = isJsonList(anyOf) ? anyOf.filter((one) => !isNull(one)) : [];
  return isJsonObject(only) && more.length === 0 ? { ...without(schema, "anyOf"), ...only } : schema;
}

const isNull = (schema: Json): boolean => isJsonObject(schema) && schema["type"] === "null";

function choicesOf({ type, enum: values, const: only }: JsonObject): readonly Json[] | undefined {
  if (only !== undefined) return [only];
  if (isJsonList(values)) return values.length > 0 && values.length <= CHOICES ? values : undefined;
  return type === "boolean" ? [true, false] : undefined;
}

function kindOf({ type }: JsonObject): FieldKind {
  if (type === "string") return "text";
  return type === "number" || type === "integer" ? type : "json";
}
