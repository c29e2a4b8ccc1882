import { methods } from "../protocol/methods.ts";
import { ToolReader } from "../protocol/tool-reader.ts";
import { readPages } from "./list-pages.ts";
import type { McpClient } from "./mcp-client.ts";

/** Reads all pages of `tools/list`. */
export async function listTools(client: McpClient, requestId: string): Promise<ToolReader> {
  const reader = new ToolReader(client.session.server);
  await readPages(client, { method: methods.listTools, noun: "tools" }, reader, requestId);
  return reader;
}
