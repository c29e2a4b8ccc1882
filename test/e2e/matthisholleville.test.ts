import { afterAll, beforeAll, expect, it } from "vitest";
import { farServer, type FarServer } from "../helpers/far-server.ts";
import { startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post, refusal, type Answer } from "../helpers/http.ts";
import { startIssuer, type TestIssuer } from "../helpers/issuer.ts";

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
const CALL = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "echo", arguments: {} } };

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

it("the start says whose config it is, what it became, and what does not work yet", () => {
  expect(gateway.log()).toContain(
    "this is a config of matthisholleville/mcp-gateway, read as one of this gateway: server.url → publicUrl, proxy.servers → servers",
  );
  expect(gateway.log()).toMatch(/proxy\.servers: there is no endpoint for all servers yet.*\/n8n\/mcp/);
});

it("a caller's groups become scopes, and these decide on its tools (MAT-2, MAT-3, MAT-4, MAT-5)", async () => {
  const user = await openedBy({ groups: ["User"] });
  expect((await user(LIST)).body).toContain('"name":"echo"');
  const { body } = await user(CALL);
  expect(body).toContain('x-n8n-key\\":\\"your-n8n-api-key');
  expect(body).not.toMatch(/authorization/i);
  expect(gateway.log()).not.toContain("your-n8n-api-key");
  const stranger = await openedBy({ groups: ["Guests"] });
  // To a caller who may do nothing on a server, there is no such server.
  expect(refusal(await stranger(CALL))).toMatchObject({ status: 404, reason: "server_not_found" });
});

it("without a token a client is told where to get one; its curl example finds it too", async () => {
  const refused = await post(`${gateway.url}/n8n/mcp`, INITIALIZE);
  expect(refused.status).toBe(401);
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
  const opened = await post(`${chart.url}/n8n/mcp`, INITIALIZE, headers);
  expect(opened.headers["access-control-allow-origin"]).toBe("https://any.example");
  const session = { ...headers, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  expect((await post(`${chart.url}/n8n/mcp`, LIST, session)).body).toContain('"name":"echo"');
  expect(chart.log()).toContain("proxy.proxy_config.cache_ttl has no counterpart here");
});

/** A session of a caller whose token has these claims. */
async function openedBy(claims: object): Promise<(message: object) => Promise<Answer>> {
  const token = await issuer.token({ aud: "api://default", ...claims });
  const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
  const opened = await post(`${gateway.url}/n8n/mcp`, INITIALIZE, headers);
  const session = { ...headers, "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  return (message) => post(`${gateway.url}/n8n/mcp`, message, session);
}
