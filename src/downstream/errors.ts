import type { ServerResponse } from "node:http";
import type { GatewayError } from "../protocol/errors.ts";
import { errorLine, type RequestId } from "../protocol/jsonrpc.ts";

/** A refusal on an MCP route: the status of the error table, and a JSON-RPC error as its body. */
export function answerError(response: ServerResponse, error: GatewayError, rpcId?: RequestId): void {
  if (response.headersSent) {
    // Too late for a status: cut the stream, so that the client does not take half an answer for a whole one.
    response.destroy();
    return;
  }
  const body = errorLine(rpcId, error);
  setErrorHeaders(response, error);
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.writeHead(error.status, { "Content-Length": Buffer.byteLength(body) }).end(body);
}

/** The headers that an error brings on any route. */
export function setErrorHeaders(response: ServerResponse, { details, retryAfterMs, status }: GatewayError): void {
  if (details.challenges !== undefined) response.setHeader("WWW-Authenticate", details.challenges);
  if (details.allow !== undefined) response.setHeader("Allow", details.allow);
  if (retryAfterMs !== undefined) response.setHeader("Retry-After", Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  response.setHeader("Cache-Control", "no-store");
  // The rest of a body that was refused is not worth reading.
  if (status === 413) response.setHeader("Connection", "close");
}
