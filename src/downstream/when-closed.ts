import type { ServerResponse } from "node:http";

/** Calls back when the response is closed by either side; immediately when it already is, because `close` is emitted only once. */
export function whenClosed(response: ServerResponse, callback: () => void): void {
  if (response.destroyed) callback();
  else response.once("close", callback);
}
