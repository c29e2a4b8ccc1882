import type { GatewayError } from "./errors.ts";
import type { ResponseFrame } from "./frame.ts";
import { errorLine, type RequestId } from "./jsonrpc.ts";

/** An answer of the gateway's own. It becomes a line of JSON-RPC where it is sent as one; on REST it never does. */
export function faultFrame(id: RequestId, fault: GatewayError): ResponseFrame {
  return {
    kind: "response",
    id,
    failed: true,
    fault,
    get line() {
      return errorLine(id, fault);
    },
  };
}
