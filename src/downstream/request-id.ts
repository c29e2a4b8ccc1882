import type { ServerResponse } from "node:http";

/** The id of the request that this response belongs to, as in the log and the audit trail; it was set as a header on arrival. */
export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader("X-Request-Id"));
}
