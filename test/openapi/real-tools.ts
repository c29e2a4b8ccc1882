import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ServerTools } from "../../src/openapi/server-tools.ts";
import { toolsListed } from "../helpers/tools.ts";

const require = createRequire(import.meta.url);
const everything = require.resolve("@modelcontextprotocol/server-everything/package.json");
const filesystem = require.resolve("@modelcontextprotocol/server-filesystem/package.json");
const memory = require.resolve("@modelcontextprotocol/server-memory/package.json");

/** The current tools of the three reference servers, listed over stdio. */
export function realServers(): Promise<ServerTools[]> {
  return Promise.all([ask("everything", everything), ask("filesystem", filesystem, tmpdir()), ask("memory", memory)]);
}

async function ask(name: string, manifest: string, ...args: readonly string[]): Promise<ServerTools> {
  const script = join(dirname(manifest), "dist", "index.js");
  const transport = new StdioClientTransport({ command: process.execPath, args: [script, ...args], stderr: "ignore" });
  const client = new Client({ name: "openapi-test", version: "1.0.0" });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    return {
      ...client.getServerVersion(),
      name,
      instructions: client.getInstructions(),
      tools: toolsListed(name, tools),
    };
  } finally {
    await client.close();
  }
}
