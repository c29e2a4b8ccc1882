import { expect, it } from "vitest";
import { serverNameOf } from "../../src/cli/server-name.ts";

it.each([
  ["npx -y @modelcontextprotocol/server-everything", "everything"],
  ["npx -y @modelcontextprotocol/server-filesystem@2026.1.1 /data", "filesystem"],
  ["npx -y @playwright/mcp@latest", "playwright"],
  ["npx -y firecrawl-mcp", "firecrawl"],
  ["uvx mcp-server-git --repository x", "git"],
  ["uvx --from git+https://example.com/x/y serena start", "serena"],
  ["python -m mcp_server_fetch", "fetch"],
  ["docker run -i --rm -e TOKEN ghcr.io/github/github-mcp-server:latest", "github"],
  ["node /srv/weather/build/index.js", "weather"],
  ["/opt/servers/Git-MCP.exe", "Git"],
  ["node server.mjs", "server"],
  ["npx -y docs", "server"],
  ["npx -y @x/ü", "server"],
  ["npx -y a_mcp_b", "server"],
  ["", "server"],
])("the server of `%s` is called %s", (command, name) => {
  expect(serverNameOf(command.split(" "))).toBe(name);
});

it("a long name is cut to what a name may be", () => {
  expect(serverNameOf(["npx", `server-${"a".repeat(100)}`])).toBe("a".repeat(32));
});
