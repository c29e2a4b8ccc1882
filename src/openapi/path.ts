/** Where the document is served, and so what its paths are relative to: its own URL minus the file name. */
export type Layout = "root" | "api" | "server";

interface Paths {
  readonly tool: (server: string, tool: string) => string;
  /** Where a session id is minted; a document of one server lies too deep to reach it. */
  readonly session: string | undefined;
}

const LAYOUTS: Readonly<Record<Layout, Paths>> = {
  root: { tool: (server, tool) => `/api/${server}/${tool}`, session: "/api/sessionid" },
  api: { tool: (server, tool) => `/${server}/${tool}`, session: "/sessionid" },
  server: { tool: (_, tool) => `/${tool}`, session: undefined },
};

/**
 * The path of a tool, or `undefined` when no URL can carry its name: URL parsers take `.` and `..` away even when
 * percent-encoded, and half a surrogate pair has no encoding at all.
 */
export function toolPath(layout: Layout, server: string, tool: string): string | undefined {
  if (tool === "." || tool === ".." || /\p{Surrogate}/u.test(tool)) return undefined;
  return LAYOUTS[layout].tool(encodeURIComponent(server), encodeURIComponent(tool));
}

export function sessionPath(layout: Layout): string | undefined {
  return LAYOUTS[layout].session;
}
