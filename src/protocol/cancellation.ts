import type { NotificationFrame } from "./frame.ts";
import { notificationLine } from "./jsonrpc.ts";
import { methods } from "./methods.ts";

/** Tells a server that nobody waits for the answer to a request any more (MCP 2025-11-25, utilities, cancellation). */
export function cancellation(requestId: string | number, reason: string): NotificationFrame {
  const params = { requestId, reason };
  return {
    kind: "notification",
    method: methods.cancelled,
    params,
    line: notificationLine(methods.cancelled, params),
  };
}
