import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT, type GatewayProcess, realServer, startGateway } from "../helpers/gateway.ts";
import { connectSdk, type SdkClient, sseTransport, textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

const TOKEN = "e2e-token-0123456789";
const DEADLINE = { timeout: 60_000 };

const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-files-"));
let gateway: GatewayProcess;

beforeAll(async () => {
  writeFileSync(join(folder, "greeting.txt"), "hello from a file");
  gateway = await startGateway({
    auth: { bearer: { tokens: [TOKEN] } },
    servers: {
      everything: realServer("server-everything"),
      filesystem: realServer("server-filesystem", folder),
    },
  });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** mcp-remote, as a desktop client starts it: stdio on this side, HTTP+SSE to the gateway. */
function mcpRemote(url: string): Transport {
  const header = `Authorization: Bearer ${TOKEN}`;
  const proxy = join(ROOT, "node_modules/mcp-remote/dist/proxy.js");
  return new StdioClientTransport({
    command: process.execPath,
    args: [proxy, url, "--transport", "sse-only", "--header", header, "--allow-http"],
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, MCP_REMOTE_CONFIG_DIR: join(folder, "mcp-remote") },
    stderr: "ignore",
  });
}

describe.each([
  ["the official SDK's SSE client", (url: string): Transport => sseTransport(url, TOKEN)],
  ["mcp-remote", mcpRemote],
])("%s", (_name, transportTo) => {
  const connect = (server: string): Promise<SdkClient> => connectSdk(transportTo(`${gateway.url}/${server}`));

  it("lists and calls the tools of server-everything", async () => {
    await using client = await connect("everything");
    const { tools } = await client.listTools(undefined, DEADLINE);
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["echo", "get-sum"]));
    const echoed = await client.callTool({ name: "echo", arguments: { message: "grüß dich 🔧" } }, undefined, DEADLINE);
    expect(textIn(echoed)).toContain("grüß dich 🔧");
    const sum = await client.callTool({ name: "get-sum", arguments: { a: 20, b: 22 } }, undefined, DEADLINE);
    expect(textIn(sum)).toContain("42");
  });

  it("lists and calls the tools of server-filesystem", async () => {
    await using client = await connect("filesystem");
    const { tools } = await client.listTools(undefined, DEADLINE);
    expect(tools.map(({ name }) => name)).toContain("read_text_file");
    const path = join(folder, "greeting.txt");
    const read = await client.callTool({ name: "read_text_file", arguments: { path } }, undefined, DEADLINE);
    expect(textIn(read)).toBe("hello from a file");
  });

  it("leaves no process behind when it disconnects", async () => {
    // Servers of earlier tests may still be shutting down.
    await until(() => gateway.children("everything").length === 0, { deadlineMs: 7_000, what: "nobody is there" });
    const client = await connect("everything");
    expect(gateway.children("everything")).toHaveLength(1);
    await client.close();
    await until(() => gateway.children().length === 0, { deadlineMs: 7_000, what: "the child is gone" });
  });
});

describe("the bundled config.example.yaml", () => {
  it("serves real tools from every entry, started by npx", { timeout: 120_000 }, async () => {
    const config = readFileSync(join(ROOT, "config.example.yaml"), "utf8");
    await using bundled = await startGateway(config);
    const counts = await Promise.all(
      ["everything", "filesystem", "memory"].map(async (server) => {
        await using client = await connectSdk(sseTransport(`${bundled.url}/${server}/sse`));
        const { tools } = await client.listTools(undefined, DEADLINE);
        return tools.length;
      }),
    );
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});
