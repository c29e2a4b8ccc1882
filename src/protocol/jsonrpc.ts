import type { GatewayError } from "./errors.ts";
import type { JsonObject } from "../lib/json.ts";

/**
 * A request id; `1` and `"1"` are different ids (JSON-RPC 2.0 §4). An integer beyond 2^53 is a bigint, so that responses written
 * by the gateway repeat exactly the digits that were received.
 */
export type RequestId = string | number | bigint;

export function encodeId(id: RequestId | undefined): string {
  if (id === undefined) return "null";
  return typeof id === "bigint" ? id.toString() : JSON.stringify(id);
}

/** A JSON-RPC error response, as one line. `requestId` is that of the HTTP request, as in the log. */
export function errorLine(id: RequestId | undefined, error: GatewayError, requestId?: string): string {
  const data: Record<string, unknown> = { reason: error.reason, ...error.details.data };
  if (error.retryAfterMs !== undefined) data["retryAfterMs"] = error.retryAfterMs;
  if (requestId !== undefined) data["requestId"] = requestId;
  const body = JSON.stringify({ code: error.rpcCode, message: error.message, data });
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${body}}`;
}

/** A JSON-RPC error response in the name of a server. */
export function rpcErrorLine(id: RequestId, code: number, message: string): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${JSON.stringify({ code, message })}}`;
}

export function resultLine(id: RequestId, result: JsonObject): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"result":${JSON.stringify(result)}}`;
}

/** `params` is JSON text, which is sent unchanged. */
export function requestLine(id: RequestId, method: string, params: string): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"method":${JSON.stringify(method)},"params":${params}}`;
}

export function notificationLine(method: string, params?: JsonObject): string {
  return JSON.stringify(params === undefined ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params });
}
