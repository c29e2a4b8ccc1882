import type { IncomingMessage } from "node:http";

/** The target of a URL on an MCP route. */
export interface McpTarget {
  /** `mcp` for the endpoint in front of all servers. */
  readonly server: string;
  /** `/<server>` accepts both transports; `/<server>/mcp` and `/<server>/sse`, like `/mcp` and `/sse`, accept one. */
  readonly endpoint: "dual" | "mcp" | "sse";
  /** The requested path without a trailing slash. */
  readonly path: string;
  readonly sessionId: string | undefined;
}

/** Undefined when the path does not belong to an MCP route. `/x` and `/x/` are equivalent; nothing is percent-decoded. */
export function mcpTarget(url: string): McpTarget | undefined {
  const path = pathOf(url);
  const [root, server, endpoint, ...more] = path.split("/");
  if (root !== "" || server === undefined || server === "" || more.length > 0) return undefined;
  if (ROOT_ENDPOINTS.has(server)) return endpoint === undefined ? rootTarget(url, path) : undefined;
  if (endpoint !== undefined && endpoint !== "mcp" && endpoint !== "sse") return undefined;
  return { server, endpoint: endpoint ?? "dual", path, sessionId: queryOf(url)?.get("sessionId") ?? undefined };
}

/** Where all servers are behind one URL. */
export const ROOT_PATHS = ["/mcp", "/sse"] as const;
const ROOT_ENDPOINTS: ReadonlySet<string> = new Set(["mcp", "sse"]);

function rootTarget(url: string, path: string): McpTarget {
  const endpoint = path === "/sse" ? "sse" : "mcp";
  return { server: "mcp", endpoint, path, sessionId: queryOf(url)?.get("sessionId") ?? undefined };
}

/** The path without query and trailing slash. */
export function pathOf(url: string): string {
  const queryAt = url.indexOf("?");
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Undefined when there is no query. */
export function queryOf(url: string): URLSearchParams | undefined {
  const queryAt = url.indexOf("?");
  return queryAt === -1 ? undefined : new URLSearchParams(url.slice(queryAt));
}

/** The requested path, also where Express has stripped a mount path from `url`. */
export function askedPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return pathOf(request.originalUrl ?? request.url ?? "");
}
