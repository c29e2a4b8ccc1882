import { afterAll, beforeAll, expect, it } from "vitest";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { stdioTransport } from "../helpers/connect-command.ts";
import { farServer, json, result, type FarServer } from "../helpers/far-server.ts";
import { startGateway } from "../helpers/gateway.ts";
import { until } from "../helpers/until.ts";

// What the README of @natomalabs/natoma-mcp-gateway has in the config of Claude Desktop: --enterprise and its variables.

let far: FarServer;
let env: Record<string, string>;
beforeAll(async () => {
  far = await farServer();
  env = {
    NATOMA_MCP_SERVER_INSTALLATION_ID: "your-installation-id",
    NATOMA_MCP_API_KEY: "your-api-key",
    NATOMA_MCP_CUSTOM_URL: far.url,
  };
});
afterAll(() => far[Symbol.asyncDispose]());

it("a client on stdio reaches the server at the custom URL with its key and its session (NAT-1, NAT-3, NAT-7, NAT-13)", async () => {
  const { transport, log } = stdioTransport(["--enterprise"], env);
  const client = new Client({ name: "claude-desktop", version: "1.0" });
  await client.connect(transport);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["echo", "write"]);
  const answer = await client.callTool({ name: "echo", arguments: {} });
  expect(JSON.stringify(answer.content)).toContain("far-session-1");
  await client.close();
  expect(far.requests[0]?.headers).toMatchObject({ authorization: "Bearer your-api-key" });
  expect(far.requests.map(({ path }) => path)).toContain("/mcp/your-installation-id");
  expect(log()).not.toContain("your-api-key");
});

it("a key that is not valid is an error that says so (NAT-9)", async () => {
  far.behave = (_request, response) => {
    json(response, { error: "unauthorized" }, 401, { "WWW-Authenticate": "Bearer" });
    return true;
  };
  const { transport, log } = stdioTransport(["--enterprise"], env);
  const client = new Client({ name: "claude-desktop", version: "1.0" });
  await expect(client.connect(transport)).rejects.toThrow(/NATOMA_MCP_API_KEY/);
  await client.close();
  await until(() => log().includes("NATOMA_MCP_API_KEY"), { what: "the log says so" });
  expect(log()).not.toContain("your-api-key");
});

it("answers as JSON and as events become lines on stdout, also from the one endpoint of a gateway (NAT-2, NAT-4, NAT-10, NAT-12)", async () => {
  far.behave = (request, response) => {
    if (request.message.method !== "tools/call") return false;
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.end(`data: ${JSON.stringify(result(request, { content: [{ type: "text", text: "as an event" }] }))}\n\n`);
    return true;
  };
  await using gateway = await startGateway({ servers: { far: { url: far.url } } });
  const { transport } = stdioTransport([`${gateway.url}/mcp`, "--timeout", "30s"]);
  const client = new Client({ name: "claude-desktop", version: "1.0" });
  await client.connect(transport);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["far__echo", "far__write"]);
  expect(JSON.stringify(await client.callTool({ name: "far__echo", arguments: {} }))).toContain("as an event");
  await client.close();
  await until(() => transport.pid === null, { what: "it has ended with its client" });
});
