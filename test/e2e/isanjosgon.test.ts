import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runCli } from "../helpers/cli.ts";
import { farServer, json, result, type FarServer } from "../helpers/far-server.ts";
import { ROOT, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post, refusal, type Answer } from "../helpers/http.ts";
import { startRedis, withoutRedis } from "../helpers/redis.ts";
import { until } from "../helpers/until.ts";

// The sample config of @isanjosgon/mcp-gateway as its README prints it, with a server behind its URL, and what its README promises.

const SAMPLE = (url: string): string => `
server:
  host: 0.0.0.0
  port: 8080
  path: /mcp
  allowedOrigins:
    - "http://localhost:3000"
  # Requests without an Origin header are allowed by default for non-browser clients.
  # Set to true to reject requests that omit Origin.
  requireOrigin: false

auth:
  mode: apiKey
  apiKeys:
    - id: "local-dev-key"
      # Use keyHash in production. Plain key is convenient for local development.
      key: "dev_key_1"
      # keyHash: "sha256:REPLACE_WITH_SHA256_HEX_OF_THE_API_KEY"
      tenant: "client"
      client: "local-dev"

rateLimit:
  keyPrefix: "mcp-gateway"
  defaultRpm: 600
  byMethod:
    "tools/call": 120

policy:
  default: deny
  rules:
    - subject:
        tenant: "client"
        client: "local-dev"
      allow:
        methods:
          - "initialize"
          - "tools/list"
          - "tools/call"
          - "resources/list"
          - "resources/read"
          - "prompts/list"
          - "prompts/get"
        tools: ["*"]
        resources: ["*"]
        prompts: ["*"]

upstreams:
  - name: mcp-local
    type: http
    url: "${url}"
    timeoutMs: 30000
    auth:
      type: apiKey
      apiKey:
        header: "Authorization"
        value: "Api-Key \${MCP_LOCAL_API_KEY}"

upstreamHeaders:
  forward:
    - "accept"
    - "content-type"
    - "mcp-session-id"
    - "mcp-protocol-version"
    - "last-event-id"

routing:
  - match: { method: "*" }
    upstream: "mcp-local"

audit:
  enabled: true
  # Use ["*"] to log audit events in all environments.
  environments: ["production", "staging"]

logging:
  level: "info"
  redactKeys:
    - "authorization"
    - "x-api-key"
    - "api-key"
    - "token"
    - "access_token"
    - "password"
    - "secret"
`;
const ENV = { MCP_LOCAL_API_KEY: "key-of-the-upstream", MCP_GATEWAY_ENV: "production" };
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "demo", version: "0.0.1" } },
};
const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} };
const CALL = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "echo", arguments: { message: "hola" } } };
const ORIGIN = { Origin: "http://localhost:3000" };
const KEY = { Authorization: "Bearer dev_key_1" };

let far: FarServer;
let gateway: GatewayProcess;
let url: string;
beforeAll(async () => {
  far = await farServer();
  gateway = await startGateway(SAMPLE(far.url), { env: ENV, isVerbatim: true });
  url = `${gateway.url}/mcp`;
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await far[Symbol.asyncDispose]();
});

it("the start says whose config it is, and what it became", () => {
  expect(gateway.log()).toContain(
    "this is a config of @isanjosgon/mcp-gateway, read as one of this gateway: server.host → hostname",
  );
  expect(gateway.log()).toContain("routing.*.upstream → routing.*.server");
  expect(gateway.log()).not.toMatch(/has no effect|no counterpart/);
});

it("its curl examples: initialize, tools/list, tools/call (ISA-1, ISA-6, ISA-11, ISA-15, ISA-16, ISA-24)", async () => {
  const opened = await post(url, INITIALIZE, { ...ORIGIN, ...KEY, Accept: "application/json, text/event-stream" });
  expect(opened.status).toBe(200);
  expect(opened.body).toContain('"serverInfo":{"name":"mcp-gateway"');
  const session = { ...ORIGIN, ...KEY, Accept: "application/json", "Mcp-Session-Id": sessionOf(opened) };
  expect(JSON.parse((await post(url, LIST, session)).body)).toMatchObject({
    id: 2,
    result: { tools: [{ name: "mcp-local__echo" }, { name: "mcp-local__write" }] },
  });
  const { headers, message } = seen(await post(url, CALL, session));
  expect(message.params).toMatchObject({ name: "echo", arguments: { message: "hola" } });
  expect(headers).toMatchObject({ authorization: "Api-Key key-of-the-upstream", "mcp-session-id": "far-session-1" });
  expect(JSON.stringify(headers)).not.toContain("dev_key_1");
  expect((await ask(url, { method: "DELETE", headers: session })).status).toBe(204);
  expect(gateway.log()).not.toContain("key-of-the-upstream");
});

it.each([
  ["Authorization", "Bearer dev_key_1"],
  ["Authorization", "Api-Key dev_key_1"],
  ["X-API-Key", "dev_key_1"],
  ["Api-Key", "dev_key_1"],
])("its key is taken from %s: %s, and is not passed on (ISA-13, ISA-15)", async (name, value) => {
  const opened = await post(url, INITIALIZE, { [name]: value, Accept: "application/json" });
  const { headers } = seen(await post(url, CALL, { [name]: value, "Mcp-Session-Id": sessionOf(opened) }));
  expect(JSON.stringify(headers)).not.toContain("dev_key_1");
});

describe("failures are JSON-RPC errors that keep the HTTP status (ISA-14):", () => {
  it("no key, another origin", async () => {
    expect(refusal(await post(url, INITIALIZE, ORIGIN))).toMatchObject({ status: 401, reason: "unauthorized" });
    const foreign = await post(url, INITIALIZE, { ...KEY, Origin: "http://evil.example" });
    expect(refusal(foreign)).toMatchObject({ status: 403, reason: "origin_denied" });
  });

  it("what the policy does not allow is 403, and not as if it were not there (ISA-4)", async () => {
    const opened = await post(url, INITIALIZE, { ...KEY, Accept: "application/json" });
    const session = { ...KEY, "Mcp-Session-Id": sessionOf(opened) };
    const refused = await post(url, { jsonrpc: "2.0", id: 4, method: "logging/setLevel", params: {} }, session);
    expect(refusal(refused)).toMatchObject({ status: 403, reason: "forbidden", id: 4 });
  });

  it("more calls a minute than there may be (ISA-5)", async () => {
    const few = SAMPLE(far.url).replace('"tools/call": 120', '"tools/call": 1');
    await using strict = await startGateway(few, { env: ENV, isVerbatim: true });
    const at = `${strict.url}/mcp`;
    const opened = await post(at, INITIALIZE, { ...KEY, Accept: "application/json" });
    const session = { ...KEY, "Mcp-Session-Id": sessionOf(opened) };
    expect((await post(at, CALL, session)).status).toBe(200);
    expect(refusal(await post(at, CALL, session))).toMatchObject({ status: 429, reason: "rate_limited" });
  });
});

it("health needs no key (ISA-9)", async () => {
  expect((await ask(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await ask(`${gateway.url}/health`)).status).toBe(200);
});

it("the audit says who called, in the environments that it names (ISA-3, ISA-7, ISA-21)", async () => {
  const opened = await post(url, INITIALIZE, { ...KEY, Accept: "application/json" });
  await post(url, CALL, { ...KEY, "Mcp-Session-Id": sessionOf(opened) });
  await until(() => /"apiKeyId":"local-dev-key"/.test(gateway.log()), { what: "a line of the trail" });
  expect(gateway.log()).toMatch(/"tenant":"client","client":"local-dev"/);
  await using elsewhere = await startGateway(SAMPLE(far.url), {
    env: { ...ENV, MCP_GATEWAY_ENV: "development" },
    isVerbatim: true,
  });
  await post(`${elsewhere.url}/mcp`, INITIALIZE, { ...KEY, Accept: "application/json" });
  expect(elsewhere.log()).not.toContain('"apiKeyId"');
});

it.each([
  ["a route to an upstream that is not declared (ISA-18)", 'upstream: "mcp-local"', 'upstream: "mcp-loca"', ENV],
  ["a variable that is empty (ISA-16)", "", "", { MCP_LOCAL_API_KEY: "" }],
])("%s ends the start", async (_what, from, to, env) => {
  const start = startGateway(SAMPLE(far.url).replace(from, to), { env, isVerbatim: true });
  await expect(start).rejects.toThrow(/did you mean "mcp-local"|variable MCP_LOCAL_API_KEY is not set/);
});

const ROUTED = (urls: Readonly<Record<string, string>>): string => `
server: { path: /mcp }
policy:
  default: deny
  rules:
    - allow: { methods: ["*"], tools: ["*"], resources: ["*"], prompts: ["*"] }
upstreams:
${Object.entries(urls)
  .map(([name, at]) => `  - { name: ${name}, type: http, url: "${at}" }`)
  .join("\n")}
routing:
  - match: { method: "tools/call", tool: "math.*" }
    upstream: math-mcp
  - match: { method: "tools/call", tool: "kb.*" }
    upstream: kb-mcp
  - match: { tool: "reports.*" }
    upstream: reports-mcp
  - match: { tool: "reports.sum" }
    upstream: kb-mcp
  - match: { resource: "kb://*" }
    upstream: kb-mcp
  - match: { prompt: "report-*" }
    upstream: reports-mcp
  - match: { method: "*" }
    upstream: math-mcp
`;

describe("requests are led by what they name, and the first rule that fits counts (ISA-2, ISA-17):", () => {
  const named = ["math-mcp", "kb-mcp", "reports-mcp"];
  const fars = new Map<string, FarServer>();
  let routed: GatewayProcess;
  let session: Record<string, string>;
  beforeAll(async () => {
    for (const name of named) fars.set(name, await everythingServer());
    routed = await startGateway(ROUTED(Object.fromEntries(named.map((name) => [name, fars.get(name)?.url ?? ""]))), {
      isVerbatim: true,
    });
    const opened = await post(`${routed.url}/mcp`, INITIALIZE, { Accept: "application/json" });
    session = { Accept: "application/json", "Mcp-Session-Id": sessionOf(opened) };
  });
  afterAll(async () => {
    await routed[Symbol.asyncDispose]();
    for (const one of fars.values()) await one[Symbol.asyncDispose]();
  });

  it.each([
    ["tools/call", { name: "math.add", arguments: {} }, "math-mcp"],
    ["tools/call", { name: "kb.search", arguments: {} }, "kb-mcp"],
    ["tools/call", { name: "reports.sum", arguments: {} }, "reports-mcp"],
    ["tools/call", { name: "other", arguments: {} }, "math-mcp"],
    ["resources/read", { uri: "kb://page" }, "kb-mcp"],
    ["resources/read", { uri: "file:///page" }, "math-mcp"],
    ["prompts/get", { name: "report-daily" }, "reports-mcp"],
    ["prompts/get", { name: "math.add" }, "math-mcp"],
  ])("%s %j → %s", async (method, params, upstream) => {
    const answer = await post(`${routed.url}/mcp`, { jsonrpc: "2.0", id: 9, method, params }, session);
    expect(JSON.parse(answer.body)).toMatchObject({ id: 9, result: {} });
    const arrived = [...fars].flatMap(([name, { requests }]) =>
      requests.some(({ message }) => message.method === method && isSame(message.params, params)) ? name : [],
    );
    expect(arrived).toEqual([upstream]);
  });

  it("the routes are printed, and the one that is never taken", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "isanjosgon-")), "config.yml");
    writeFileSync(file, ROUTED(Object.fromEntries(named.map((name) => [name, "http://mcp-dummy:9000/mcp"]))));
    const { code, stdout } = await runCli(["routes", "-c", file], { cwd: dirname(file) });
    expect(code).toBe(0);
    expect(stdout).toContain("routing.1  method tools/call, tool kb.* → kb-mcp\n");
    expect(stdout).toMatch(/routing\.3 {2}tool reports\.sum → kb-mcp {3}\(never taken: routing\.2 /);
    expect((await runCli(["validate", "-c", file], { cwd: dirname(file) })).code).toBe(0);
    rmSync(dirname(file), { recursive: true });
  });
});

it("an upstream's event stream is passed on as one (ISA-8)", async () => {
  await using streaming = await farServer((request, response) => {
    if (request.message.method !== "tools/call") return false;
    const progress = { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "half" } };
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`data: ${JSON.stringify(progress)}\n\n`);
    response.end(`data: ${JSON.stringify(result(request, { content: [{ type: "text", text: "whole" }] }))}\n\n`);
    return true;
  });
  await using passing = await startGateway(SAMPLE(streaming.url), { env: ENV, isVerbatim: true });
  const headers = { ...KEY, Accept: "application/json, text/event-stream" };
  const opened = await post(`${passing.url}/mcp`, INITIALIZE, headers);
  const { headers: answered, body } = await post(`${passing.url}/mcp`, CALL, {
    ...headers,
    "Mcp-Session-Id": sessionOf(opened),
  });
  expect(answered["content-type"]).toContain("text/event-stream");
  expect(body.indexOf("half")).toBeGreaterThan(-1);
  expect(body.indexOf("whole")).toBeGreaterThan(body.indexOf("half"));
});

it("the port of its sample is 8080, and its endpoint /mcp, for GET and DELETE too (ISA-1, ISA-23)", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "isanjosgon-")), "config.yml");
  writeFileSync(file, SAMPLE("http://mcp-dummy:9000/mcp"));
  const printed = await runCli(["validate", "--print", "-c", file], { cwd: dirname(file), env: ENV });
  expect(JSON.parse(printed.stdout)).toMatchObject({ port: 8080, routing: [{ server: "mcp-local" }] });
  rmSync(dirname(file), { recursive: true });
  const opened = await post(url, INITIALIZE, { ...KEY, Accept: "application/json" });
  const session = { ...KEY, Accept: "text/event-stream", "Mcp-Session-Id": sessionOf(opened) };
  const stream = await ask(url, { headers: session, headOnly: true });
  expect([stream.status, stream.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  expect((await ask(url, { method: "DELETE", headers: session })).status).toBe(204);
});

it("without Redis there is no start, where REDIS_URL names one (ISA-19)", async () => {
  const env = { ...ENV, REDIS_URL: "redis://127.0.0.1:1" };
  await expect(startGateway(SAMPLE(far.url), { env, isVerbatim: true })).rejects.toThrow(
    /Redis at 127\.0\.0\.1:1.*cannot be reached/,
  );
});

it.skipIf(withoutRedis !== undefined)("Redis counts under its keys, for two gateways (ISA-5, ISA-20)", async () => {
  await using redis = await startRedis();
  const env = { ...ENV, REDIS_URL: redis.url, RATE_LIMIT_KEY_PREFIX: "mcp-gateway:prod" };
  const few = SAMPLE(far.url).replace('"tools/call": 120', '"tools/call": 2');
  const statuses: number[] = [];
  for (let n = 0; n < 2; n++) {
    await using counted = await startGateway(few, { env, isVerbatim: true });
    const opened = await post(`${counted.url}/mcp`, INITIALIZE, { ...KEY, Accept: "application/json" });
    const session = { ...KEY, Accept: "application/json", "Mcp-Session-Id": sessionOf(opened) };
    for (let calls = 0; calls < 2; calls++) statuses.push((await post(`${counted.url}/mcp`, CALL, session)).status);
  }
  expect(statuses).toEqual([200, 200, 429, 429]);
  expect(redis.ask("keys", "*:tools/call")).toBe("mcp-gateway:prod:rate:client:local-dev:tools/call");
});

it("Node 20 is enough, and in its compose file nobody but the gateway has a port (ISA-10, ISA-12)", () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { engines: { node: string } };
  expect(engines.node).toBe(">=20.19");
  const compose = readFileSync(join(ROOT, "deploy/compose.yaml"), "utf8");
  const [, named = ""] = /^services:\n([^]*)^volumes:/m.exec(compose) ?? [];
  // With the Redis that is left to be switched on.
  const { services } = parse(
    `services:\n${named.replace(/^ {2}# redis:[^]*/m, (redis) => redis.replaceAll(/^ {2}# /gm, "  "))}`,
  ) as {
    services: Record<string, { ports?: unknown }>;
  };
  expect(Object.keys(services)).toEqual(["mcp-gateway", "redis"]);
  expect(Object.entries(services).flatMap(([name, { ports }]) => (ports === undefined ? [] : name))).toEqual([
    "mcp-gateway",
  ]);
});

it("a signal ends it with the exit code 0 (ISA-22)", async () => {
  await using ended = await startGateway(SAMPLE(far.url), { env: ENV, isVerbatim: true });
  // It answers, so it hears signals.
  expect((await ask(`${ended.url}/ready`)).status).toBe(200);
  expect(await ended.stop("SIGINT")).toBe(0);
});

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A server that has tools, resources and prompts of every name. */
function everythingServer(): Promise<FarServer> {
  return farServer((request, response) => {
    const { method } = request.message;
    if (method === "initialize") {
      const capabilities = { tools: {}, resources: {}, prompts: {} };
      json(response, result(request, { protocolVersion: "2025-03-26", capabilities, serverInfo: { name: "far" } }));
      return true;
    }
    const lists = { tools: [], resources: [], resourceTemplates: [], prompts: [] };
    const answers = new Map<string | undefined, object>([
      ["tools/list", lists],
      ["resources/list", lists],
      ["resources/templates/list", lists],
      ["prompts/list", lists],
      ["tools/call", { content: [] }],
      ["resources/read", { contents: [] }],
      ["prompts/get", { messages: [] }],
    ]);
    const known = answers.get(method);
    if (known === undefined) return false;
    json(response, result(request, known));
    return true;
  });
}

const sessionOf = ({ headers }: Answer): string => String(headers["mcp-session-id"]);

/** What arrived at the upstream. */
function seen({ body }: Answer): { headers: Record<string, string>; message: { params: object } } {
  const text = /^data: (.*)$/m.exec(body)?.[1] ?? body;
  const answer = JSON.parse(text) as { result: { content: [{ text: string }] } };
  return JSON.parse(answer.result.content[0].text) as ReturnType<typeof seen>;
}
