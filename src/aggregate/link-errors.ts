import { GatewayError } from "../protocol/errors.ts";

export interface LinkTimes {
  /** How long the server may take to answer `initialize`. */
  readonly startMs: number;
  /** How long an answer of it may take; undefined where the session's limit is the same. */
  readonly requestMs: number | undefined;
  /** What `requestMs` is called in the config. */
  readonly limit: string;
}

export function startTimeout(server: string, { startMs }: LinkTimes): GatewayError {
  const limit = "limits.start";
  const message = `The MCP server "${server}" did not answer within ${startMs} ms of its start (${limit}).`;
  return new GatewayError("start_timeout", message, { data: { limit } });
}

export function callTimeout(server: string, { requestMs, limit }: LinkTimes): GatewayError {
  const message = `The MCP server "${server}" did not answer within ${requestMs} ms (${limit}).`;
  return new GatewayError("call_timeout", message, { data: { limit } });
}

export const goneError = (server: string): GatewayError =>
  new GatewayError("session_ended", `The connection to "${server}" has ended.`);

export const evictedError = (server: string): GatewayError =>
  new GatewayError("session_ended", `The process of "${server}" was ended for another session.`);
