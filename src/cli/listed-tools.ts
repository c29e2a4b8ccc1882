import { listTools } from "../client/list-tools.ts";
import type { McpClient } from "../client/mcp-client.ts";
import { member, type JsonObject } from "../lib/json.ts";
import type { Tools } from "../protocol/tool.ts";

export interface ListedTools {
  readonly initializeResult: JsonObject;
  readonly tools: Tools;
  /** Why tools are missing. */
  readonly warnings: readonly string[];
}

/** Starts the server and asks for its tools. */
export async function listedTools(client: McpClient, requestId: string): Promise<ListedTools> {
  const initializeResult = await client.initialize(requestId);
  const hasTools = member(initializeResult["capabilities"], "tools") !== undefined;
  if (!hasTools) return { initializeResult, tools: new Map(), warnings: [] };
  const { tools, warnings } = await listTools(client, requestId);
  return { initializeResult, tools, warnings };
}
