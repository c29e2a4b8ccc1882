import { hash } from "node:crypto";
import { isObject, member } from "../lib/json.ts";
import type { Tool } from "../protocol/tool.ts";
import { typesOf } from "./conforms.ts";
import { type HoistedSchema, hoistSchema, refTo } from "./hoist.ts";
import { inlineSchema } from "./inline.ts";
import { isJsonList, isJsonObject, type JsonObject } from "./json.ts";
import { CHARACTERS_PER_SCHEMA, budget, type Charge } from "./limits.ts";
import { uniqueName } from "./operation-id.ts";
import type { DocumentOptions } from "./options.ts";
import type { Profile } from "./profiles.ts";
import { toOpenApi30 } from "./schema-3-0.ts";
import { mapSubschemas } from "./subschemas.ts";
import { clip } from "../lib/text.ts";
import type { Warn } from "../lib/warnings.ts";
import { tidy } from "./tidy.ts";
import { isUnfoldable } from "./unfold.ts";

/** The context in which the schemas of one tool are written. */
interface SchemaContext {
  readonly version: DocumentOptions["version"];
  readonly profile: Profile;
  readonly operationId: string;
  /** The component names that are already used in the document. */
  readonly names: Set<string>;
  readonly warn: Warn;
  /** The remaining budget of the tool's server. */
  readonly charge: Charge;
}

export interface ToolSchemas {
  /** Absent when the tool takes no arguments. */
  readonly input: { readonly schema: JsonObject; readonly isRequired: boolean } | undefined;
  readonly output: JsonObject | undefined;
  readonly components: HoistedSchema["components"];
}

export function toolSchemas(tool: Tool, context: SchemaContext): ToolSchemas {
  const input = argumentsSchema(tool.inputSchema, context);
  const output = resultSchema(tool.outputSchema, context);
  const finish = (schema: JsonObject) => finished(schema, context);
  const isRequired = input.root["required"] !== undefined;
  return {
    input: takesArguments(input.root) ? { schema: finish(input.schema), isRequired } : undefined,
    output: output === undefined ? undefined : finish(output.schema),
    components: [...input.components, ...(output?.components ?? [])].map(([name, schema]) => [name, finish(schema)]),
  };
}

/** Arguments are always an object, so the outermost schema is made one whatever the server declares. */
function argumentsSchema(raw: unknown, context: SchemaContext): HoistedSchema {
  if (isObject(raw)) return readWhole(raw, context, (root) => asObject(root, raw, context.warn));
  if (raw === true) return whole({ type: "object", properties: {}, additionalProperties: true });
  if (raw !== undefined && raw !== null) context.warn("inputSchema is not a schema: no arguments are described");
  return whole({ type: "object", properties: {} });
}

function resultSchema(raw: unknown, context: SchemaContext): HoistedSchema | undefined {
  if (!isObject(raw) || context.profile.responses === "minimal") return undefined;
  return readWhole(raw, { ...context, operationId: `${context.operationId}_Output` }, (root) => root);
}

function readWhole(raw: unknown, context: SchemaContext, asRoot: (schema: JsonObject) => JsonObject): HoistedSchema {
  const { version, profile, operationId, names, warn, charge } = context;
  const inlined = () => whole(asRoot(inlineSchema(raw, warn, budget(CHARACTERS_PER_SCHEMA, charge))));
  if (version === "3.0" || profile.isInlined) return inlined();
  const nameFor = (pointer: string) => componentName(operationId, pointer, names);
  const hoisted = hoistSchema(raw, { warn, charge: budget(CHARACTERS_PER_SCHEMA, charge), asRoot, nameFor });
  const definitions = new Map(hoisted.components.map(([name, schema]) => [refTo(name), schema]));
  return isUnfoldable(hoisted.root, definitions) ? hoisted : inlined();
}

function whole(root: JsonObject): HoistedSchema {
  return { root, schema: root, components: [] };
}

function asObject(schema: JsonObject, raw: unknown, warn: Warn): JsonObject {
  if (typesOf(schema)?.includes("object") === false) {
    warn("inputSchema does not describe an object: any arguments are accepted");
    return { type: "object", properties: {}, additionalProperties: true };
  }
  const { properties } = schema;
  const isLost = hasMembers(member(raw, "properties")) && !hasMembers(properties);
  const isUnfollowed = typeof member(raw, "$ref") === "string" && properties === undefined;
  const isOpen = isLost || isUnfollowed ? { additionalProperties: true } : {};
  return tidy({ ...schema, type: "object", properties: properties ?? {}, ...isOpen }, warn);
}

const CAN_DEMAND = ["$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties", "dependentSchemas", "minProperties"];

/** Whether a request body is described: Open WebUI cannot call a tool without arguments whose operation declares a body. */
function takesArguments(schema: JsonObject): boolean {
  const { properties, additionalProperties, required } = schema;
  if (hasMembers(properties) || additionalProperties === true || isJsonObject(additionalProperties)) return true;
  return isJsonList(required) || CAN_DEMAND.some((keyword) => schema[keyword] !== undefined);
}

function hasMembers(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}

function finished(schema: JsonObject, { version, profile }: SchemaContext): JsonObject {
  return clipped(version === "3.0" ? toOpenApi30(schema) : schema, profile.schemaDescriptionChars);
}

function clipped(schema: JsonObject, limit: number): JsonObject {
  if (limit === Infinity) return schema;
  const inside = mapSubschemas(schema, (subschema) => clipped(subschema, limit));
  const { description } = inside;
  return typeof description === "string" ? { ...inside, description: clip(description, limit) } : inside;
}

/** `<operationId>_<definition>`, with a digest of the pointer when that name is taken. */
function componentName(operationId: string, pointer: string, names: Set<string>): string {
  const label = pointer === "#" ? "Root" : pointer.replace(/^#\/?(?:\$defs\/|definitions\/)?/, "");
  const plain = `${operationId}_${label.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, 64)}`;
  const digest = hash("sha256", pointer).slice(0, 6);
  return uniqueName(names.has(plain.toLowerCase()) ? `${plain}_${digest}` : plain, names);
}
