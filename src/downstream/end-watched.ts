import type { ServerResponse } from "node:http";
import type { Line } from "../lib/lines.ts";
import type { Pieces } from "../lib/pieces.ts";

/** Ends a response with its whole body. What the client does not read at once is buffered, so a client that stalls is disconnected. */
export function endWatched(response: ServerResponse, body: Line, stallMs: number): void {
  if (typeof body === "string") response.end(body);
  else endWithParts(response, body);
  // Usually the kernel accepts everything immediately and nothing needs watching.
  if (response.writableLength === 0 || !Number.isFinite(stallMs)) return;
  response.setTimeout(stallMs, () => response.destroy());
}

function endWithParts(response: ServerResponse, { parts }: Pieces): void {
  for (const part of parts) response.write(part);
  response.end();
}
