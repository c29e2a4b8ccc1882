import type { GatewayError } from "./errors.ts";
import type { ResponseFrame } from "./frame.ts";
import { errorLine, type RequestId } from "./jsonrpc.ts";

/** A response written by the gateway itself. Its JSON-RPC line is only built when it is sent; REST never needs it. */
export function faultFrame(id: RequestId, fault: GatewayError, requestId?: string): ResponseFrame {
  return {
    kind: "response",
    id,
    failed: true,
    fault,
    requestId,
    get line() {
      return errorLine(id, fault, requestId);
    },
  };
}
