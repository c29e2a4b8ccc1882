import type { Attributes } from "@opentelemetry/api";
import { member } from "../../lib/json.ts";
import type { Exchange, ExchangeOutcome } from "../../protocol/exchange.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { methods } from "../../protocol/methods.ts";
import type { CallOpening } from "../../protocol/spans.ts";

/** Names come from the client and may be any text. */
const NAME_LENGTH = 128;
const GET_PROMPT = "prompts/get";

/** The attributes that all spans of the gateway have in common with its log. */
export const REQUEST_ID = "mcp_gateway.request.id";
export const SERVER = "mcp_gateway.server";

/** OpenTelemetry semantic conventions, MCP, server spans: `{mcp.method.name} {target}`. */
export function callName({ frame }: CallOpening): string {
  const method = frame.method.slice(0, NAME_LENGTH);
  const target = targetOf(frame.method, frame.params?.["name"]);
  return target === undefined ? method : `${method} ${target}`;
}

/** The URI of a resource is left out, because it may contain a secret. */
export function callAttributes({ frame, server, sessionId, transport, requestId }: CallOpening): Attributes {
  const { method, params, id } = frame;
  const target = targetOf(method, params?.["name"]);
  const isTool = method === methods.callTool;
  return {
    "mcp.method.name": method.slice(0, NAME_LENGTH),
    "mcp.session.id": sessionId,
    "jsonrpc.request.id": String(id).slice(0, NAME_LENGTH),
    "network.protocol.name": "http",
    "network.transport": "tcp",
    ...(isTool && { "gen_ai.operation.name": "execute_tool" }),
    ...(isTool && target !== undefined && { "gen_ai.tool.name": target }),
    ...(method === GET_PROMPT && target !== undefined && { "gen_ai.prompt.name": target }),
    [SERVER]: server,
    "mcp_gateway.transport": transport,
    [REQUEST_ID]: requestId,
  };
}

/** What a failed call adds; undefined for one that did not fail. */
export function failureAttributes(
  { method }: Exchange,
  outcome: ExchangeOutcome,
  answer: ResponseFrame | undefined,
): Attributes | undefined {
  if (outcome === "result") return undefined;
  if (outcome === "tool_error") return method === methods.callTool ? { "error.type": outcome } : undefined;
  const code = outcome === "error" && answer !== undefined ? codeOf(answer) : undefined;
  if (code !== undefined) return { "error.type": code, "rpc.response.status_code": code };
  return { "error.type": outcome };
}

function targetOf(method: string, name: unknown): string | undefined {
  if (method !== methods.callTool && method !== GET_PROMPT) return undefined;
  return typeof name === "string" ? name.slice(0, NAME_LENGTH) : undefined;
}

function codeOf({ line }: ResponseFrame): string | undefined {
  const code = member(member(JSON.parse(line.toString()), "error"), "code");
  return typeof code === "number" ? String(code) : undefined;
}
