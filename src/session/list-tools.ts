import type { JsonObject } from "../lib/json.ts";
import { methods } from "../protocol/methods.ts";
import { listedTools, type ListedTool } from "../protocol/tool.ts";
import type { McpClient } from "./client.ts";

const MAX_PAGES = 50;
const MAX_TOOLS = 10_000;
/** No further page is asked for after this long. */
const MAX_MS = 60_000;

/** All pages of `tools/list` (MCP, utilities, pagination). Stops at a cursor seen before and at bounds: a server may never end. */
export async function listTools(client: McpClient, requestId: string): Promise<ReadonlyMap<string, ListedTool>> {
  const tools = new Map<string, ListedTool>();
  const cursors = new Set<string>();
  const endsAt = performance.now() + MAX_MS;
  let params: JsonObject = {};
  for (let page = 0; page < MAX_PAGES && tools.size < MAX_TOOLS && performance.now() < endsAt; page++) {
    const result = await client.ask(methods.listTools, params, { requestId });
    for (const tool of listedTools(result)) if (!tools.has(tool.name)) tools.set(tool.name, tool);
    const { nextCursor } = result;
    if (typeof nextCursor !== "string" || cursors.has(nextCursor)) break;
    cursors.add(nextCursor);
    params = { cursor: nextCursor };
  }
  return tools;
}
