import type { ServerResponse } from "node:http";

/** Ends a response with its whole body. What the reader does not take at once waits in memory, so one who stalls is cut. */
export function endWatched(response: ServerResponse, body: string | Buffer, stallMs: number): void {
  response.end(body);
  // Almost always the system takes all of it: then there is nothing to watch.
  if (response.writableLength === 0 || !Number.isFinite(stallMs)) return;
  response.setTimeout(stallMs, () => response.destroy());
}
