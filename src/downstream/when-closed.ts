import type { ServerResponse } from "node:http";

/** Calls back once the response is over, whoever ended it; at once when it is over already, as `close` comes only once. */
export function whenClosed(response: ServerResponse, callback: () => void): void {
  if (response.destroyed) callback();
  else response.once("close", callback);
}
