import { GatewayError, type Reason } from "../../protocol/errors.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { errorOf } from "../../protocol/result-text.ts";

/** The JSON-RPC error codes of servers that map to a specific REST error; all others are an upstream error. */
const REASONS = new Map<number, Reason>([
  [-32602, "invalid_arguments"],
  [-32601, "not_supported"],
  // URL elicitation required (MCP 2025-11-25, elicitation).
  [-32042, "interaction_required"],
]);

/** Converts a JSON-RPC error response to the error that a REST caller sees. */
export function rpcFailure(frame: ResponseFrame, server: string, tool: string): GatewayError {
  if (frame.fault !== undefined) return frame.fault;
  const { code, message, data } = errorOf(frame.line);
  const rpc = { code, message, ...(data !== undefined && { data }) };
  const text = `The server "${server}" refused the call to "${tool}": ${message.slice(0, 500)}`;
  return new GatewayError(REASONS.get(code) ?? "upstream_error", text, { data: { rpc } });
}
