import type { ServerResponse } from "node:http";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";

/** Ends a response with its whole body. What the reader does not take at once waits in memory, so one who stalls is cut. */
export function endWatched(response: ServerResponse, body: Line, stallMs: number): void {
  if (typeof body === "string") response.end(body);
  else endWithParts(response, body);
  // Almost always the system takes all of it: then there is nothing to watch.
  if (response.writableLength === 0 || !Number.isFinite(stallMs)) return;
  response.setTimeout(stallMs, () => response.destroy());
}

function endWithParts(response: ServerResponse, { parts }: Pieces): void {
  for (const part of parts) response.write(part);
  response.end();
}
