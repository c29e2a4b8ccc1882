import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayError } from "../protocol/errors.ts";
import { errorLine } from "../protocol/jsonrpc.ts";
import { requestIdOf } from "./request-id.ts";

/** Writes an error as JSON-RPC with the status of the error table: on MCP routes, and on paths that do not exist. */
export function writeRpcError(error: GatewayError, _request: IncomingMessage, response: ServerResponse): void {
  const body = errorLine(error.details.rpcId, error, requestIdOf(response));
  response
    .writeHead(error.status, {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
    })
    .end(body);
}
