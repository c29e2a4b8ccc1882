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

/** The headers that repeat arguments of a tool have the names that its server gives them (MCP 2026-07-28, transports). */
function paramHeaders({ headers }: IncomingMessage): string {
  const asked = headers["access-control-request-headers"] ?? "";
  const names = asked.split(",").map((name) => name.trim());
  return names.flatMap((name) => (PARAM_HEADER.test(name) ? `, ${name}` : [])).join("");
}

const PARAM_HEADER = /^mcp-param-[!#$%&'*+\-.^_`|~0-9a-z]{1,100}$/i;

/** Answers a preflight request; false when the request is not a preflight. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
  response.setHeader("Access-Control-Allow-Methods", METHODS);
  response.setHeader("Access-Control-Allow-Headers", ALLOWED_HEADERS + paramHeaders(request));
  response.setHeader("Access-Control-Max-Age", "600");
  response.writeHead(204).end();
  return true;
}
