import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, post } from "../helpers/http.ts";
import { newId, RestClient, textIn as restTextIn } from "../helpers/rest-client.ts";
import { connectSdk, sseTransport, textIn } from "../helpers/sdk-client.ts";
import { openSse } from "../helpers/sse-client.ts";

// publicUrl has a path: one proxy takes it off, another does not, and who comes past the proxy knows nothing of it.

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({
    publicUrl: "https://mcp.example.com/tools/gate",
    auth: { bearer: { tokens: ["the-token-of-the-test"] } },
    openapi: { public: true },
    servers: { echo: fixture("echo") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const AUTHORIZED = { authorization: "Bearer the-token-of-the-test" };
const PREFIX = "/tools/gate";

describe.each([
  ["that takes the prefix off", ""],
  ["that leaves the prefix on", PREFIX],
])("through a proxy %s", (_what, before) => {
  const headers = { ...AUTHORIZED, host: "mcp.example.com" };

  test("messages go to an endpoint with the prefix", async () => {
    await using client = await openSse(`${gateway.url}${before}/echo/sse`, headers);
    expect(client.endpoint).toMatch(/^\/tools\/gate\/echo\/sse\?sessionId=/);
    const endpoint = new URL(before + client.endpoint.slice(PREFIX.length), gateway.url);
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    expect(await post(endpoint, ping, headers)).toMatchObject({ status: 202 });
    expect(await client.response(1)).toMatchObject({ result: {} });
  });

  test("REST is served, and its URLs have the prefix", async () => {
    const rest = new RestClient(gateway.url, headers);
    const { json } = await rest.ask(`${before}/api`);
    expect(json).toMatchObject({ servers: [{ url: `${PREFIX}/api/echo` }] });
    const call = rest.post(`${before}/api/echo/echo?sessionId=${newId()}`, { message: "hi" });
    expect(restTextIn(await call)).toBe("hi");
    const problem = await rest.ask(`${before}/api/nobody`);
    expect(problem.json).toMatchObject({ status: 404, type: `${PREFIX}/problems/server_not_found` });
    expect((await rest.post(`${before}/api/sessions`, "")).headers.location).toContain(`${PREFIX}/api/sessions/`);
  });

  test.each(["/openapi.json", "/api/echo/openapi.yaml", "/docs", "/docs/style.css", "/problems", "/health", "/ready"])(
    "%s is served",
    async (path) => {
      expect((await ask(`${gateway.url}${before}${path}`, { headers })).status).toBe(200);
    },
  );

  test("the tools of OAuth clients find their answer", async () => {
    const { status, body } = await ask(`${gateway.url}${before}/register`, { method: "POST", headers });
    expect([status, JSON.parse(body)]).toMatchObject([404, { error: "invalid_request" }]);
  });
});

describe("past the proxy", () => {
  const init = { requestInit: { headers: AUTHORIZED } };

  test.each([
    ["without the prefix", ""],
    ["with the prefix", PREFIX],
  ])("%s HTTP+SSE and Streamable HTTP work", async (_what, before) => {
    const url = `${gateway.url}${before}/echo`;
    const transports = [
      sseTransport(`${url}/sse`, "the-token-of-the-test"),
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), init),
    ];
    for (const transport of transports) {
      await using client = await connectSdk(transport);
      expect(textIn(await client.callTool({ name: "echo", arguments: { message: before } }))).toBe(before);
    }
  });

  test("the endpoint, and URLs of REST, come without the prefix to who came without it", async () => {
    await using client = await openSse(`${gateway.url}/echo/sse`, AUTHORIZED);
    expect(client.endpoint).toMatch(/^\/echo\/sse\?sessionId=/);
    const { json } = await new RestClient(gateway.url, AUTHORIZED).ask("/api");
    expect(json).toMatchObject({ servers: [{ url: "/api/echo" }] });
  });

  test("and with it to who came with it", async () => {
    await using client = await openSse(`${gateway.url}${PREFIX}/echo/sse`, AUTHORIZED);
    expect(client.endpoint).toMatch(/^\/tools\/gate\/echo\/sse\?sessionId=/);
    const { json } = await new RestClient(gateway.url, AUTHORIZED).ask(`${PREFIX}/api`);
    expect(json).toMatchObject({ servers: [{ url: `${PREFIX}/api/echo` }] });
  });
});
