import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

export interface JsonOptions {
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
}

/** A small JSON response that must not be cached. */
export function sendJson(response: ServerResponse, value: object, { status = 200, headers }: JsonOptions = {}): void {
  const body = JSON.stringify(value);
  response
    .writeHead(status, {
      "Content-Type": "application/json; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Length": Buffer.byteLength(body),
      ...headers,
    })
    .end(body);
}
