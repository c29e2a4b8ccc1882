import type { ServerResponse } from "node:http";

/** The id of the request that is answered here, as log and audit name it: the edge has put it on the response. */
export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader("X-Request-Id"));
}
