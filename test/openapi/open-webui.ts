import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../src/openapi/json.ts";
import type { Document, Operation } from "../../src/openapi/oas.ts";

export interface ToolPayload {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, Json>>;
  readonly required: readonly Json[];
}

/**
 * What Open WebUI makes of the document of a tool server: a tool for each operation with an operationId, parameters reduced to
 * type and description, and `$ref` resolved only in the root, in `properties` and in `items`. Throws where Open WebUI would.
 */
export function toolPayloads({ paths, components }: Document): ToolPayload[] {
  const operations = Object.values(paths).flatMap((item) => [item.get, item.post]);
  return operations
    .filter((operation) => operation !== undefined)
    .map((operation) => payload(operation, { ...components?.schemas }));
}

function payload(operation: Operation, schemas: JsonObject): ToolPayload {
  const body = operation.requestBody?.content["application/json"]?.schema;
  const resolved = body === undefined ? {} : resolveSchema(body, schemas, 0);
  const declared = (operation.parameters ?? []).map((parameter) => [
    parameter.name,
    flattened(parameter.schema, parameter.description),
  ]);
  const needed = (operation.parameters ?? []).filter(({ required }) => required).map(({ name }) => name);
  return {
    name: operation.operationId,
    description: operation.description,
    properties: { ...Object.fromEntries(declared), ...membersOf(resolved["properties"]) },
    required: [...new Set([...needed, ...(isJsonList(resolved["required"]) ? resolved["required"] : [])])],
  };
}

function flattened(schema: JsonObject, text: string): JsonObject {
  const values = isJsonList(schema["enum"]) ? schema["enum"] : [];
  if (values.some((value) => typeof value !== "string")) throw new TypeError("sequence item: expected str instance");
  return { type: schema["type"] ?? null, description: schema["description"] ?? text };
}

function resolveSchema(schema: Json, schemas: JsonObject, depth: number): JsonObject {
  if (depth > 900) throw new RangeError("maximum recursion depth exceeded");
  if (!isJsonObject(schema)) return {};
  const ref = schema["$ref"];
  if (typeof ref === "string") return resolveSchema(schemas[ref.split("/").at(-1) ?? ""] ?? {}, schemas, depth + 1);
  const { properties, items } = schema;
  const resolved = Object.entries(membersOf(properties)).map(([name, value]) => [
    name,
    resolveSchema(value, schemas, depth + 1),
  ]);
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(resolved) }),
    ...(items === undefined ? {} : { items: resolveSchema(items, schemas, depth + 1) }),
  };
}

function membersOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
