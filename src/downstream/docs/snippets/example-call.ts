import type { Tool } from "../../../protocol/tool.ts";
import { inlineSchema } from "../../../openapi/inline.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../../../openapi/json.ts";
import { budget } from "../../../openapi/limits.ts";
import type { ExampleCall } from "./snippet.ts";

/** Names without a special meaning to a shell. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
const TRIED = 20;
const SCHEMA_CHARACTERS = 20_000;

/**
 * A call of the first suitable tool, preferring read-only tools. People paste it into a shell, so the only text of the server's
 * in it is plain names.
 */
export function exampleCall(tools: readonly Tool[]): ExampleCall | undefined {
  const candidates = tools.filter(({ name, taskSupport }) => PLAIN.test(name) && taskSupport !== "required");
  const harmless = candidates.filter(({ annotations }) => annotations?.["destructiveHint"] !== true);
  const reading = harmless.filter(({ annotations }) => annotations?.["readOnlyHint"] === true);
  for (const tool of [...reading, ...harmless].slice(0, TRIED)) {
    const body = exampleBody(tool.inputSchema);
    if (body !== undefined) return { tool: tool.name, body };
  }
  return undefined;
}

/** Required arguments only, with a placeholder value of their type. */
function exampleBody(inputSchema: unknown): string | undefined {
  const { properties, required } = inlineSchema(inputSchema ?? {}, () => {}, budget(SCHEMA_CHARACTERS));
  const names = isJsonList(required) ? required : [];
  const known = isJsonObject(properties) ? properties : {};
  const given: [string, Json][] = [];
  for (const name of names) {
    if (typeof name !== "string" || !PLAIN.test(name)) return undefined;
    const property = Object.hasOwn(known, name) ? known[name] : undefined;
    const value = exampleValue(isJsonObject(property) ? property : {});
    if (value === undefined) return undefined;
    given.push([name, value]);
  }
  return JSON.stringify(Object.fromEntries(given));
}

function exampleValue({ type, enum: values, const: only }: JsonObject): Json | undefined {
  const choices = only === undefined ? values : [only];
  if (isJsonList(choices)) return choices.find((one) => typeof one !== "object" && PLAIN.test(String(one)));
  if (type === "string") return "text";
  if (type === "number" || type === "integer") return 1;
  if (type === "boolean") return true;
  return type === "array" ? [] : type === "object" ? {} : undefined;
}
