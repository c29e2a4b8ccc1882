import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { farServer, json, result, type FarServer } from "../helpers/far-server.ts";
import { startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post, refusal, type Answer } from "../helpers/http.ts";
import { startIssuer, type TestIssuer } from "../helpers/issuer.ts";
import { until } from "../helpers/until.ts";

// The sample configs of matthisholleville/mcp-gateway as its README and its chart print them, with an issuer and a server behind
// their variables.

const README = `
# Example: Server configuration
server:
  url: "http://localhost:8082"

# OAuth configuration
oauth:
  enabled: true
  provider: "okta"
  authorization_servers:
    - "\${OKTA_ISSUER}"

# Authentication & authorization
auth:
  claims: ["groups"]
  mappings:
    "groups:Admin": ["scope:admin"]
    "groups:User": ["scope:user"]
  permissions:
    "n8n:*": ["scope:user"]  # All n8n tools require user scope
    "admin:*": ["scope:admin"]  # Admin tools require admin scope

# Proxy servers
proxy:
  servers:
    - name: "n8n"
      type: "streamable-http"
      connection:
        url: "\${N8N_URL}"
        timeout: 30s
      auth:
        type: "header"
        header: "x-n8n-key"
        value: "\${N8N_PROXY_KEY}"
`;
const CHART = `
cors:
  enabled: true
  allowed_origins:
    - "*"
  allowed_methods:
    - "GET"
    - "POST"
    - "PUT"
    - "DELETE"
  allowed_headers:
    - "Content-Type"
    - "Authorization"
  allow_credentials: true

server:
  url: "http://localhost:8082"

oauth:
  enabled: true
  provider: "okta"
  authorization_servers:
    - "\${OKTA_ISSUER}"
  bearer_methods_supported:
    - "header"
  scopes_supported:
    - "openid"

okta:
  issuer: "\${OKTA_ISSUER}"
  org_url: "\${OKTA_ORG_URL}"
  client_id: "\${OKTA_CLIENT_ID}"
  private_key: "\${OKTA_PRIVATE_KEY}"
  private_key_id: "\${OKTA_PRIVATE_KEY_ID}"

auth:
  claims: ["groups"]
  mappings:
    # claim name:group name -> scope name
    "groups:Base": ["scope:1"]
  permissions:
    "*": ["scope:1"]

  options:
    scope_mode: "any"
    default_scope: null # deny by default
    enabled: true

proxy:
  servers:
    - name: "n8n"
      type: "streamable-http"
      connection:
        url: "\${N8N_URL}"
        timeout: 30s
      auth:
        type: "header"
        header: "x-n8n-key"
        value: "\${N8N_PROXY_KEY}"
  proxy_config:
    # Cache for tools and schemas to avoid repeated calls
    cache_ttl: 300s # 5 minutes
    heartbeat:
      enabled: true
      interval_seconds: 10
`;
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "demo", version: "0.0.1" } },
};
const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} };
const CALL = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "n8n:echo", arguments: {} } };

let issuer: TestIssuer;
let far: FarServer;
let gateway: GatewayProcess;
let env: Record<string, string>;
beforeAll(async () => {
  [issuer, far] = await Promise.all([startIssuer(), farServer()]);
  env = {
    OKTA_ISSUER: issuer.url,
    OKTA_ORG_URL: "https://your-okta-domain.okta.com",
    OKTA_CLIENT_ID: "your-client-id",
    OKTA_PRIVATE_KEY: "your-private-key",
    OKTA_PRIVATE_KEY_ID: "your-key-id",
    N8N_URL: far.url,
    N8N_PROXY_KEY: "your-n8n-api-key",
  };
  gateway = await startGateway(README, { env, isVerbatim: true });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([issuer[Symbol.asyncDispose](), far[Symbol.asyncDispose]()]);
});

it("the start says whose config it is, and what it became", () => {
  expect(gateway.log()).toContain(
    "this is a config of matthisholleville/mcp-gateway, read as one of this gateway: server.url → publicUrl, proxy.servers → servers",
  );
  expect(gateway.log()).not.toMatch(/has no effect|no counterpart/);
});

it("one endpoint has the tools of its servers as server:tool; a caller's groups become scopes, and these decide (MAT-1, MAT-2, MAT-3, MAT-4, MAT-5, MAT-10)", async () => {
  const user = await openedBy({ groups: ["User"] });
  expect(namesIn(await user(LIST))).toEqual(["n8n:echo", "n8n:write"]);
  const { body } = await user(CALL);
  expect(body).toContain('x-n8n-key\\":\\"your-n8n-api-key');
  expect(body).not.toMatch(/authorization/i);
  expect(gateway.log()).not.toContain("your-n8n-api-key");
  const guest = await post(`${gateway.url}/mcp`, INITIALIZE, await credential({ groups: ["Guests"] }));
  // To a caller who may do nothing on any server, there is none.
  expect(refusal(guest)).toMatchObject({ status: 404, reason: "server_not_found" });
});

it("a client of the SDK lists and calls there (MAT-1, MAT-10)", async () => {
  const token = await issuer.token({ aud: "api://default", groups: ["Admin", "User"] });
  const client = new Client({ name: "demo", version: "0.0.1" });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit }));
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["n8n:echo", "n8n:write"]);
  expect(JSON.stringify(await client.callTool({ name: "n8n:write", arguments: {} }))).toContain(
    '\\"name\\":\\"write\\"',
  );
  await client.close();
});

it("counts the calls and the lists under the names that its dashboards know (MAT-6)", async () => {
  const user = await openedBy({ groups: ["User"] });
  await user(LIST);
  await user(CALL);
  const token = await issuer.token({ aud: "api://default", groups: ["User"] });
  const { status, body } = await ask(`${gateway.url}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  expect(status).toBe(200);
  expect(body).toMatch(/^mcp_gateway_tools_called\{tool="n8n:echo",proxy="mcp"\} [1-9]/m);
  expect(body).toMatch(/^mcp_gateway_tools_call_success\{tool="n8n:echo",proxy="mcp"\} [1-9]/m);
  expect(body).toMatch(/^# TYPE mcp_gateway_tools_call_errors /m);
  expect(body).toMatch(/^mcp_gateway_list_tools\{[^}]*\} [1-9]/m);
});

it("without a token a client is told where to get one; its curl example finds it too", async () => {
  const refused = await post(`${gateway.url}/mcp`, INITIALIZE);
  expect(refused.status).toBe(401);
  // Requests are told apart by an id, which the log has too (MAT-15).
  expect(refused.headers["x-request-id"]).toMatch(/./);
  expect(gateway.log()).toContain(String(refused.headers["x-request-id"]));
  expect(refused.headers["www-authenticate"]).toContain("/.well-known/oauth-protected-resource");
  const metadata = await ask(`${gateway.url}/.well-known/oauth-protected-resource`);
  expect(JSON.parse(metadata.body)).toMatchObject({ authorization_servers: [issuer.url] });
});

it("the probes answer", async () => {
  expect((await ask(`${gateway.url}/live`)).status).toBe(200);
  expect((await ask(`${gateway.url}/ready`)).status).toBe(200);
});

it("the config of its chart starts too, with cors, okta, the heartbeat and one permission for all (MAT-8, MAT-16)", async () => {
  await using chart = await startGateway(CHART, { env, isVerbatim: true });
  const token = await issuer.token({ aud: "api://default", groups: ["Base"] });
  const headers = { Authorization: `Bearer ${token}`, Origin: "https://any.example", Accept: "application/json" };
  const opened = await post(`${chart.url}/mcp`, INITIALIZE, headers);
  expect(opened.headers["access-control-allow-origin"]).toBe("https://any.example");
  const session = { ...headers, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  expect(namesIn(await post(`${chart.url}/mcp`, LIST, session))).toEqual(["n8n:echo", "n8n:write"]);
  expect(chart.log()).toContain("proxy.proxy_config.cache_ttl → rest.catalogAge");
});

const TWO = (one: string, two: string): string => `
server: { url: "http://localhost:8082" }
logging: { format: json }
rateLimit: { byMethod: { tools/call: 3 } }
proxy:
  servers:
    - name: n8n
      type: streamable-http
      connection: { url: "${one}" }
      auth: { type: header, header: x-n8n-key, value: key-of-n8n }
    - name: admin
      type: streamable-http
      connection: { url: "${two}" }
      auth: { type: header, header: x-admin-key, value: key-of-admin }
  proxy_config: { cache_ttl: 1s, heartbeat: { enabled: true, interval_seconds: 1 } }
`;

it("several servers have their own credentials and one list, which follows what they have (MAT-7, MAT-9, MAT-12, MAT-17)", async () => {
  await using second = await farServer();
  await using two = await startGateway(TWO(far.url, second.url), { isVerbatim: true });
  const at = `${two.url}/mcp`;
  const opened = await post(at, INITIALIZE, { Accept: "application/json" });
  const session = { Accept: "application/json", "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  expect(namesIn(await post(at, LIST, session))).toEqual(["n8n:echo", "n8n:write", "admin:echo", "admin:write"]);
  const called = async (name: string): Promise<Answer> =>
    post(at, { ...CALL, params: { name, arguments: {} } }, session);
  expect((await called("n8n:echo")).body).toMatch(/key-of-n8n(?!.*key-of-admin)/);
  expect((await called("admin:echo")).body).toMatch(/key-of-admin(?!.*key-of-n8n)/);
  // The server has another tool from now on: it is asked again, without a call of it.
  second.behave = (request, response) => {
    if (request.message.method !== "tools/list") return false;
    json(response, result(request, { tools: [{ name: "users", inputSchema: { type: "object" } }] }));
    return true;
  };
  await until(async () => namesIn(await post(at, LIST, session)).includes("admin:users"), {
    what: "the new tool is listed",
  });
  await called("n8n:echo");
  expect(refusal(await called("n8n:echo"))).toMatchObject({ status: 429, reason: "rate_limited" });
  const lines = two
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty("level");
  expect(two.log()).not.toMatch(/key-of-(?:n8n|admin)/);
});

it("a permission is the same on every server, and on every way in (MAT-11)", async () => {
  await using first = await farServer();
  await using second = await farServer();
  const rules = `
oauth: { enabled: true, provider: okta, authorization_servers: ["\${OKTA_ISSUER}"] }
auth: { claims: [groups], mappings: { "groups:User": ["scope:user"] }, permissions: { "*:echo": ["scope:user"], "*:write": ["scope:admin"] } }
`;
  await using two = await startGateway(`${TWO(first.url, second.url)}${rules}`, { env, isVerbatim: true });
  const headers = await credential({ groups: ["User"] });
  for (const at of ["/mcp", "/n8n/mcp", "/admin/mcp"]) {
    const opened = await post(`${two.url}${at}`, INITIALIZE, headers);
    const session = { ...headers, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
    const names = namesIn(await post(`${two.url}${at}`, LIST, session));
    expect(names).toEqual(at === "/mcp" ? ["n8n:echo", "admin:echo"] : ["echo"]);
    const name = at === "/mcp" ? "admin:write" : "write";
    await post(`${two.url}${at}`, { ...CALL, params: { name, arguments: {} } }, session);
  }
  // What is refused is sent under a name that no tool has, so that it is answered as if the tool were not there.
  const called = [...first.requests, ...second.requests].filter(({ message }) => message.method === "tools/call");
  expect(called.filter(({ message }) => message.params?.["name"] === "write")).toEqual([]);
});

it("a call that runs is answered before the gateway ends, with the exit code 0 (MAT-14)", async () => {
  await using slow = await farServer();
  let answer = (): void => undefined;
  slow.behave = (request, response) => {
    if (request.message.method !== "tools/call") return false;
    answer = () => json(response, result(request, { content: [{ type: "text", text: "in the end" }] }));
    return true;
  };
  await using two = await startGateway(TWO(slow.url, slow.url), { isVerbatim: true });
  const opened = await post(`${two.url}/mcp`, INITIALIZE, { Accept: "application/json" });
  const session = { Accept: "application/json", "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  const answered = post(`${two.url}/mcp`, CALL, session);
  await until(() => slow.requests.some(({ message }) => message.method === "tools/call"), { what: "it is called" });
  const ended = two.stop();
  await until(async () => (await ask(`${two.url}/ready`).catch(() => ({ status: 503 }))).status === 503, {
    what: "it takes no new work",
  });
  answer();
  expect((await answered).body).toContain("in the end");
  expect(await ended).toBe(0);
});

it("a server that is away is missing, is found again, and nothing is called twice (MAT-8, MAT-13)", async () => {
  await using second = await farServer();
  let isAway = true;
  second.behave = (_request, _response, incoming) => {
    if (isAway) incoming.socket.destroy();
    return isAway;
  };
  await using two = await startGateway(TWO(far.url, second.url), { isVerbatim: true });
  const at = `${two.url}/mcp`;
  const opened = await post(at, INITIALIZE, { Accept: "application/json" });
  const session = { Accept: "application/json", "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  expect(namesIn(await post(at, LIST, session))).toEqual(["n8n:echo", "n8n:write"]);
  expect((await ask(`${two.url}/ready`)).status).toBe(200);
  isAway = false;
  const call = { ...CALL, params: { name: "admin:write", arguments: {} } };
  await until(async () => (await post(at, call, session)).body.includes("key-of-admin"), {
    what: "it is called",
    deadlineMs: 30_000,
  });
  const answered = second.requests.filter(({ message }) => message.method === "tools/call");
  expect(answered).toHaveLength(1);
});

/** The headers of a caller whose token has these claims. */
async function credential(claims: object): Promise<Record<string, string>> {
  const token = await issuer.token({ aud: "api://default", ...claims });
  return { Authorization: `Bearer ${token}`, Accept: "application/json" };
}

/** A session of such a caller. */
async function openedBy(claims: object): Promise<(message: object) => Promise<Answer>> {
  const headers = await credential(claims);
  const opened = await post(`${gateway.url}/mcp`, INITIALIZE, headers);
  expect(opened.status).toBe(200);
  const session = { ...headers, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  return (message) => post(`${gateway.url}/mcp`, message, session);
}

function namesIn({ body }: Answer): string[] {
  const { result: listed } = JSON.parse(body) as { result: { tools: { name: string }[] } };
  return listed.tools.map(({ name }) => name);
}
