import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { ClientKind, Target } from "./client.ts";
import { connected } from "./sdk-v1.ts";

/** As a desktop client starts it: stdio on this side, HTTP to the gateway. */
export const mcpRemote: ClientKind = {
  name: "mcp-remote",
  async open(target) {
    const folder = mkdtempSync(join(tmpdir(), "mcp-remote-"));
    const connection = await connected(
      new StdioClientTransport({
        command: process.execPath,
        args: argsFor(target),
        env: { PATH: process.env["PATH"] ?? "", HOME: folder, MCP_REMOTE_CONFIG_DIR: folder },
        stderr: "ignore",
      }),
    );
    return {
      ...connection,
      async close() {
        await connection.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

function argsFor({ url, transport, headers = {} }: Target): string[] {
  const proxy = createRequire(import.meta.url).resolve("mcp-remote/dist/proxy.js");
  const options = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}:${value}`]);
  return [proxy, url, "--transport", transport === "sse" ? "sse-only" : "http-only", "--allow-http", ...options];
}
