import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ServerTools } from "../../src/openapi/catalog.ts";

const require = createRequire(import.meta.url);

/** What the three reference servers list today, asked over stdio. */
export function realServers(): Promise<ServerTools[]> {
  return Promise.all([ask("everything", []), ask("filesystem", [import.meta.dirname]), ask("memory", [])]);
}

async function ask(name: string, args: readonly string[]): Promise<ServerTools> {
  const root = dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, "dist", "index.js"), ...args],
    stderr: "ignore",
  });
  const client = new Client({ name: "openapi-test", version: "1.0.0" });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    return { ...client.getServerVersion(), name, instructions: client.getInstructions(), tools };
  } finally {
    await client.close();
  }
}
