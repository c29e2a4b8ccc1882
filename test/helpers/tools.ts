import type { Tool } from "../../src/protocol/tool.ts";
import { ToolReader } from "../../src/protocol/tool-reader.ts";

/** The tools of a server that lists these. */
export function toolsListed(server: string, tools: readonly unknown[]): Tool[] {
  const reader = new ToolReader(server);
  reader.read({ tools });
  return [...reader.tools.values()];
}
