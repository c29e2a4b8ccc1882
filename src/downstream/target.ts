import type { IncomingMessage } from "node:http";

/** Where a URL of an MCP route points (design: URLs). */
export interface McpTarget {
  readonly server: string;
  /** `/<server>` is dual; `/<server>/mcp` and `/<server>/sse` speak one transport only. */
  readonly endpoint: "dual" | "mcp" | "sse";
  /** The path as it was asked for, without a slash at its end. */
  readonly path: string;
  readonly sessionId: string | undefined;
}

/** Undefined when the path is none of an MCP route's shapes. `/x` and `/x/` are the same; nothing is percent-decoded. */
export function mcpTarget(url: string): McpTarget | undefined {
  const path = pathOf(url);
  const [root, server, endpoint, ...more] = path.split("/");
  if (root !== "" || server === undefined || server === "" || more.length > 0) return undefined;
  if (endpoint !== undefined && endpoint !== "mcp" && endpoint !== "sse") return undefined;
  return { server, endpoint: endpoint ?? "dual", path, sessionId: queryOf(url)?.get("sessionId") ?? undefined };
}

/** Without the query, and without a slash at the end. */
export function pathOf(url: string): string {
  const queryAt = url.indexOf("?");
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Undefined when there is none. */
export function queryOf(url: string): URLSearchParams | undefined {
  const queryAt = url.indexOf("?");
  return queryAt === -1 ? undefined : new URLSearchParams(url.slice(queryAt));
}

/** The path that was asked for, also where Express has cut a part off `url`. */
export function askedPath(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return pathOf(request.originalUrl ?? request.url ?? "");
}
