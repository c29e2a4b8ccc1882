import type { JsonObject } from "../../lib/json.ts";
import { discoverResult } from "../../protocol/eras/from-legacy.ts";
import { MODERN_REVISION, modernMethods } from "../../protocol/eras/modern.ts";
import { isRemoved } from "../../protocol/eras/to-legacy.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { faultFrame } from "../../protocol/fault-frame.ts";
import type { RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { resultLine, type RequestId } from "../../protocol/jsonrpc.ts";

/** The answer to a request that servers of older revisions do not have; undefined for requests that go to the server. */
export function localAnswer({ id, method }: RequestFrame, initializeResult: JsonObject): ResponseFrame | undefined {
  if (method === modernMethods.discover) {
    return { kind: "response", id, failed: false, line: resultLine(id, discoverResult(initializeResult)) };
  }
  if (!isRemoved(method)) return undefined;
  const message = `MCP ${MODERN_REVISION} has no method ${method.slice(0, 64)}.`;
  return faultFrame(id, new GatewayError("method_not_found", message));
}

/** The answer to a requestState of a client that cannot be asked anything: none of its calls can be waiting for input. */
export function unknownStateAnswer(id: RequestId): ResponseFrame {
  const message = "No call with this requestState is waiting; call again without it.";
  return faultFrame(id, new GatewayError("invalid_request_state", message));
}
