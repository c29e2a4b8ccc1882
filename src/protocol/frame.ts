import type { JsonObject } from "../lib/json.ts";
import type { Line } from "../lib/lines.ts";
import type { GatewayError } from "./errors.ts";
import type { RequestId } from "./jsonrpc.ts";

/** One JSON-RPC message: its parsed envelope, and the line it arrived as, which is the line that is relayed. */
export type Frame = RequestFrame | NotificationFrame | ResponseFrame;

export interface RequestFrame {
  readonly kind: "request";
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject | undefined;
  readonly line: Line;
}

export interface NotificationFrame {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject | undefined;
  readonly line: Line;
}

export interface ResponseFrame {
  readonly kind: "response";
  readonly id: RequestId;
  readonly failed: boolean;
  readonly line: Line;
  /** Set when the result of a tool says that the tool failed (MCP 2025-11-25, tools, error handling). */
  readonly isError?: true | undefined;
  /** Set when the gateway wrote this response because the server gave none. */
  readonly fault?: GatewayError;
  /** The id of the HTTP request that such a response answers, when it is known. */
  readonly requestId?: string | undefined;
}

/** `params._meta.progressToken` of a request, `params.progressToken` of a progress notification. */
export type ProgressToken = string | number;

export function isProgressToken(value: unknown): value is ProgressToken {
  return typeof value === "string" || typeof value === "number";
}
