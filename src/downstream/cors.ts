import type { IncomingMessage, ServerResponse } from "node:http";

const METHODS = "GET, POST, DELETE, OPTIONS";

const ALLOWED_HEADERS = [
  "Authorization",
  "Content-Type",
  "Accept",
  "Last-Event-ID",
  "Mcp-Session-Id",
  "Mcp-Protocol-Version",
  "Mcp-Method",
  "Mcp-Name",
  "X-API-Key",
  "Api-Key",
  "Idempotency-Key",
  "Prefer",
  "traceparent",
  "X-Session-Id",
  "X-Request-Id",
].join(", ");

const EXPOSED_HEADERS = [
  "Mcp-Session-Id",
  "WWW-Authenticate",
  "Retry-After",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "X-Request-Id",
  "Location",
  "X-MCP-Session",
  "X-MCP-Tool-Error",
  "X-MCP-Truncated",
  "X-MCP-Unavailable",
  "Idempotency-Replayed",
].join(", ");

/**
 * Lets a page of an allowed origin read the response (Fetch standard, CORS protocol). `Access-Control-Allow-Credentials` is never
 * sent: pages set the Authorization header themselves.
 */
export function shareWithOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  response.setHeader("Vary", "Origin");
}

/** Answers a preflight request; false when the request is not a preflight. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
  response.setHeader("Access-Control-Allow-Methods", METHODS);
  response.setHeader("Access-Control-Allow-Headers", ALLOWED_HEADERS);
  response.setHeader("Access-Control-Max-Age", "600");
  response.writeHead(204).end();
  return true;
}
