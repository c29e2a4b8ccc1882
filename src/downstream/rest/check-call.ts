import { isObject, member } from "../../lib/json.ts";
import { quoted } from "../../lib/text.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { resultOf, resultText } from "../../protocol/result-text.ts";
import type { Tool } from "../../protocol/tool.ts";
import { withoutStraySessionId, type CallArguments } from "./arguments.ts";
import { meantName } from "../did-you-mean.ts";
import type { CheckedCall, RestCall } from "./rest-call.ts";
import type { SchemaError } from "./checks/schema-error.ts";
import type { RestContext } from "./context.ts";
import { SharedResult } from "./waiting-room.ts";

type Errors = readonly SchemaError[];

/** The validated arguments for the tool. Returns a promise only when validation is slow. */
export function checkedArguments(
  tool: Tool,
  { visit, given, caller }: RestCall,
  context: RestContext,
): CallArguments | Promise<CallArguments> {
  const own = withoutStraySessionId(given, tool.inputSchema);
  if (context.settings.validateInput === "off") return own;
  const errors = context.validator.check({ server: visit.server, tool, part: "inputSchema" }, own);
  if (!(errors instanceof Promise)) return acceptOrRefuse(tool, own, errors, context);
  const checking = new SharedResult(errors).wait(caller, "its arguments are still being checked");
  return checking.then((found) => acceptOrRefuse(tool, own, found, context));
}

function acceptOrRefuse(tool: Tool, own: CallArguments, errors: Errors, context: RestContext): CallArguments {
  const [first] = errors;
  if (first === undefined) return own;
  if (context.settings.validateInput === "warn") {
    const what = `arguments for "${tool.name.slice(0, 80)}" do not match its schema`;
    context.events.emit({ type: "trouble", what, cause: first.message });
    return own;
  }
  // A URL that is cut in the middle of an escape would be broken.
  const path = tool.name.length > 80 ? "on the tool's URL" : `/api/${tool.server}/${encodeURIComponent(tool.name)}`;
  const message = `${mismatchText(tool, own, first)} GET ${path} gives the schema.`;
  throw new GatewayError("invalid_arguments", message, { data: { errors } });
}

/** What is wrong with the arguments, and what was perhaps meant. */
export function mismatchText(tool: Tool, own: CallArguments, { pointer, message }: SchemaError): string {
  const where = pointer === "" ? "" : ` at ${pointer}`;
  return `The arguments do not match the tool's schema${where}: ${message}.${misspelt(tool, own)}`;
}

/** ` Did you mean "path" instead of "paht"?`, where an argument has a name that the schema does not know but nearly does. */
function misspelt({ inputSchema }: Tool, { value }: CallArguments): string {
  const properties = member(inputSchema, "properties");
  if (!isObject(properties)) return "";
  const stray = Object.keys(value).find((name) => !Object.hasOwn(properties, name));
  if (stray === undefined) return "";
  const open = Object.keys(properties).filter((name) => !Object.hasOwn(value, name));
  const meant = meantName(stray, open);
  return meant === undefined ? "" : ` Did you mean ${quoted(meant)} instead of ${quoted(stray)}?`;
}

export function checksResult({ outputSchema }: Tool, { settings }: RestContext): boolean {
  return settings.validateOutput !== "off" && outputSchema !== undefined;
}

/** Throws if the config demands it; otherwise logs the first mismatch. */
export async function checkResult(
  frame: ResponseFrame,
  { listed, visit, tool }: CheckedCall,
  context: RestContext,
): Promise<void> {
  const text = resultText(frame.line).toString();
  const result = resultOf(frame.line);
  // The result of a failed tool need not match its output schema (MCP 2025-11-25, tools, output schema).
  if (result["isError"] === true) return;
  const given = { value: result["structuredContent"], text, member: "structuredContent" };
  const [first] = await context.validator.check({ server: visit.server, tool: listed, part: "outputSchema" }, given);
  if (first === undefined) return;
  const what = `The structured result of "${tool}" does not match its schema at "${first.pointer}": ${first.message}.`;
  if (context.settings.validateOutput === "strict") throw new GatewayError("protocol_violation", what);
  context.events.emit({ type: "trouble", what, cause: undefined });
}
