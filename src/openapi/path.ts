/** Where the document is served. Its paths are relative to its own URL without the file name. */
export type Layout = "root" | "api" | "server";

interface Paths {
  readonly tool: (server: string, tool: string) => string;
  /** The path that issues session ids; a relative path cannot reach it from the document of one server. */
  readonly session: string | undefined;
}

const LAYOUTS: Readonly<Record<Layout, Paths>> = {
  root: { tool: (server, tool) => `/api/${server}/${tool}`, session: "/api/sessionid" },
  api: { tool: (server, tool) => `/${server}/${tool}`, session: "/sessionid" },
  server: { tool: (_, tool) => `/${tool}`, session: undefined },
};

/**
 * The path of a tool, or `undefined` when its name cannot be part of a URL: URL parsers remove `.` and `..` even when
 * percent-encoded, and a lone surrogate cannot be encoded.
 */
export function toolPath(layout: Layout, server: string, tool: string): string | undefined {
  if (tool === "." || tool === ".." || /\p{Surrogate}/u.test(tool)) return undefined;
  return LAYOUTS[layout].tool(encodeURIComponent(server), encodeURIComponent(tool));
}

export function sessionPath(layout: Layout): string | undefined {
  return LAYOUTS[layout].session;
}
