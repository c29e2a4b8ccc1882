import type { Warn } from "../lib/warnings.ts";
import type { Tool } from "../protocol/tool.ts";
import { matchesGlob } from "../lib/glob.ts";
import { TOOLS_PER_SERVER } from "./limits.ts";

/** A server and its tools. The name is from the config; the rest comes from the server unchecked. */
export interface ServerTools {
  readonly name: string;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly version?: unknown;
  readonly instructions?: unknown;
  readonly tools: readonly Tool[];
}

/** The tools to describe, sorted by name so that two dumps of the same tools are identical. */
export function toolsOf({ tools }: ServerTools, warn: Warn): readonly Tool[] {
  if (tools.length > TOOLS_PER_SERVER) warn(`only the first ${TOOLS_PER_SERVER} tools are described`);
  return tools.slice(0, TOOLS_PER_SERVER).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether any pattern matches the tool, as `tool` or as `server:tool`. */
export function isChosen(tool: Tool, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true;
  const full = `${tool.server}:${tool.name}`;
  return patterns.some((pattern) => matchesGlob(pattern, tool.name) || matchesGlob(pattern, full));
}
