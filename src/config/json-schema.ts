import { z } from "zod";
import { isObject, member, type JsonObject } from "../lib/json.ts";
import { configSchema } from "./schema.ts";

/** Any checked value may also be a placeholder, which is replaced when the file is read. */
const PLACEHOLDER = { type: "string", pattern: "\\$\\{" } as const;

/** The JSON Schema for editors (schemas/config.schema.json), written by `npm run schema`. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema, path }) => {
      // Keys have no placeholders.
      if (path.at(-1) === "propertyNames") return;
      const { type, pattern, format, enum: options, const: only, ...others } = jsonSchema;
      const { description, default: fallback, examples, ...rest } = others;
      const isChecked = pattern !== undefined || format !== undefined || options !== undefined;
      const isPlain = type === "number" || type === "integer" || type === "boolean" || (type === "string" && isChecked);
      if (!isPlain || only !== undefined) return;
      const checks = {
        type,
        ...(pattern && { pattern }),
        ...(format && { format }),
        ...(options && { enum: options }),
        ...rest,
      };
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      Object.assign(jsonSchema, {
        anyOf: [checks, PLACEHOLDER],
        ...(description !== undefined && { description }),
        ...(fallback !== undefined && { default: fallback }),
        ...(examples !== undefined && { examples }),
      });
    },
  });
  addExamples(schema);
  allowUntyped(member(member(schema["properties"], "servers"), "additionalProperties"));
  return { title: "mcp-gateway configuration", ...schema };
}

/** An entry with a url needs no type: `adaptPasted` adds it. */
function allowUntyped(entry: unknown): void {
  const kinds = member(entry, "oneOf") ?? member(entry, "anyOf");
  for (const kind of Array.isArray(kinds) ? kinds : []) {
    const required = member(kind, "required");
    const isUntyped = member(member(kind, "properties"), "fallback") !== undefined;
    if (isObject(kind) && isUntyped && Array.isArray(required))
      Reflect.set(
        kind,
        "required",
        required.filter((name) => name !== "type"),
      );
  }
}

/** Adds an example to every key that does not declare one. */
function addExamples(node: unknown): void {
  if (Array.isArray(node)) for (const inner of node) addExamples(inner);
  if (!isObject(node)) return;
  const properties = member(node, "properties");
  for (const property of isObject(properties) ? Object.values(properties) : [])
    if (isObject(property) && member(property, "examples") === undefined)
      Reflect.set(property, "examples", plainExamples(property));
  for (const inner of Object.values(node)) addExamples(inner);
}

/** For an enum, a value other than the default; otherwise the default itself. */
function plainExamples(property: JsonObject): unknown[] {
  const branches = member(property, "anyOf");
  const shape: unknown = Array.isArray(branches) ? branches[0] : property;
  const fallback = member(property, "default");
  const only = member(shape, "const");
  if (only !== undefined) return [only];
  const options = member(shape, "enum");
  if (Array.isArray(options)) return options.filter((option) => option !== fallback).slice(0, 1);
  return member(shape, "type") === "boolean" ? [fallback !== true] : [fallback];
}
