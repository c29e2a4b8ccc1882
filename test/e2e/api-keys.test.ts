import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, post, refusal, sendRaw } from "../helpers/http.ts";
import { until } from "../helpers/until.ts";

// API keys (ISA-3, ISA-13, ISA-14), and what becomes of wrong, doubled and misplaced credentials.

const KEY = "the-api-key-of-acme-1234567890";
const OTHER = "the-api-key-of-globex-123456789";
const servers = { echo: fixture("echo") };
const auth = {
  mode: "apiKey",
  apiKeys: [
    { id: "acme", keyHash: `sha256:${createHash("sha256").update(KEY).digest("hex")}`, tenant: "acme", client: "ci" },
    { id: "globex", key: OTHER, tenant: "globex", client: "ci" },
  ],
};
const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "curl", version: "1.0" } },
};
const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} };
const CALL = { jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "echo", arguments: { message: "hi" } } };

let gateway: GatewayProcess;
let url: string;
beforeAll(async () => {
  gateway = await startGateway({
    auth,
    servers,
    allowedOrigins: ["https://app.example.com"],
    limits: { failedLogins: 1_000 },
    logging: { level: "verbose" },
  });
  url = `${gateway.url}/echo/mcp`;
});
afterAll(() => gateway[Symbol.asyncDispose]());

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

it("the contract with curl: initialize, list and call with a Bearer key, an Origin and the session's header", async () => {
  const headers = { ...bearer(KEY), origin: "https://app.example.com" };
  const opened = await post(url, INITIALIZE, { ...headers, accept: "application/json, text/event-stream" });
  expect(opened.status).toBe(200);
  const session = {
    ...headers,
    accept: "application/json",
    "mcp-session-id": String(opened.headers["mcp-session-id"]),
  };
  expect((await post(url, LIST, session)).body).toContain('"name":"echo"');
  expect(JSON.parse((await post(url, CALL, session)).body)).toMatchObject({
    id: 3,
    result: { content: [{ type: "text", text: "hi" }] },
  });
});

describe("a key is taken on every transport from", () => {
  it.each([
    ["Authorization: Bearer", bearer(KEY)],
    ["Authorization: Api-Key", { authorization: `Api-Key ${KEY}` }],
    ["X-API-Key", { "x-api-key": KEY }],
    ["Api-Key", { "api-key": KEY }],
  ])("%s", async (_what, headers: Record<string, string>) => {
    const opened = await post(url, INITIALIZE, { ...headers, accept: "application/json, text/event-stream" });
    const stream = await ask(`${gateway.url}/echo/sse`, {
      headers: { ...headers, accept: "text/event-stream" },
      headOnly: true,
    });
    const called = await post(`${gateway.url}/api/echo/echo?sessionId=key-session`, { message: "hi" }, headers);
    const pages = await Promise.all(
      ["/openapi.json", "/docs", "/api"].map((path) => ask(gateway.url + path, { headers })),
    );
    expect([opened, stream, called, ...pages].map(({ status }) => status)).toEqual(Array(6).fill(200));
  });
});

it("a session of one tenant is unknown to another, as one that never was", async () => {
  const accept = "application/json, text/event-stream";
  const opened = await post(url, INITIALIZE, { ...bearer(KEY), accept });
  const id = String(opened.headers["mcp-session-id"]);
  const answers = await Promise.all(
    [id, "no-such-session-at-all"].map((sessionId) =>
      post(url, LIST, { ...bearer(OTHER), accept, "mcp-session-id": sessionId }),
    ),
  );
  const unknown = { status: 404, code: -32001, reason: "session_not_found", id: 2 };
  expect(answers.map(refusal)).toEqual([unknown, unknown]);
  expect((await post(url, LIST, { "x-api-key": KEY, accept, "mcp-session-id": id })).status).toBe(200);
});

describe("a refusal on MCP is a JSON-RPC error with its status:", () => {
  it.each<[string, number, string, Record<string, string>]>([
    ["no key", 401, "unauthorized", {}],
    ["a wrong key", 401, "unauthorized", bearer("wrong")],
    ["a wrong key in X-API-Key", 401, "unauthorized", { "x-api-key": "wrong" }],
    ["an empty key", 401, "unauthorized", { "x-api-key": "" }],
    ["the hash as the key", 401, "unauthorized", { "x-api-key": auth.apiKeys[0]?.keyHash ?? "" }],
    ["12 KB of key", 401, "unauthorized", { "x-api-key": "k".repeat(12_000) }],
    ["a right key in two headers", 400, "invalid_request", { ...bearer(KEY), "x-api-key": KEY }],
    ["a right and a wrong one", 400, "invalid_request", { "api-key": KEY, "x-api-key": "wrong" }],
    ["a foreign origin", 403, "origin_denied", { ...bearer(KEY), origin: "https://evil.example" }],
  ])("%s", async (_what, status, reason, headers) => {
    const answer = await post(url, INITIALIZE, headers);
    expect(refusal(answer)).toMatchObject({ status, reason });
    expect(answer.headers["www-authenticate"]).toBe(
      status !== 401
        ? undefined
        : "authorization" in headers
          ? 'Bearer realm="MCP Gateway", error="invalid_token", error_description="The access token is not valid"'
          : 'Api-Key realm="MCP Gateway"',
    );
  });

  it.each([
    ["Authorization", `Authorization: Bearer ${KEY}\r\nAuthorization: Bearer ${KEY}`],
    ["X-API-Key", `X-API-Key: ${KEY}\r\nx-api-key: ${KEY}`],
    ["Api-Key", `Api-Key: ${KEY}\r\nAPI-KEY: ${KEY}`],
  ])("%s twice", async (_what, headers) => {
    const answer = await sendRaw(
      gateway.port,
      `GET /api HTTP/1.1\r\nHost: localhost\r\n${headers}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("more headers than fit: 431, and the connection ends", async () => {
    const answer = await sendRaw(
      gateway.port,
      `GET /api HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${"k".repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});

it.each(["api_key", "apikey", "key", "token", "access_token", "authorization", "x-api-key"])(
  "a key in the query or the body is none: %s",
  async (name) => {
    expect((await post(`${url}?${name}=${KEY}`, { ...INITIALIZE, [name]: KEY })).status).toBe(401);
    expect((await post(`${gateway.url}/api/echo/echo?sessionId=abcdefgh&${name}=${KEY}`, { [name]: KEY })).status).toBe(
      401,
    );
    expect((await post(url, INITIALIZE, { cookie: `${name}=${KEY}` })).status).toBe(401);
  },
);

it("the OpenAPI document has the key's header, and clients may send it from a page", async () => {
  const { body } = await ask(`${gateway.url}/openapi.json`, { headers: { "x-api-key": KEY } });
  expect(JSON.parse(body)).toMatchObject({
    components: { securitySchemes: { apiKeyAuth: { type: "apiKey", in: "header", name: "X-API-Key" } } },
    security: [{ apiKeyAuth: [] }],
  });
});

it("no key and no hash is in the log, at any level", async () => {
  await until(() => gateway.log().includes("New REST connection"), { what: "something is logged" });
  expect(gateway.log()).toContain("acme");
  for (const secret of [KEY, OTHER, auth.apiKeys[0]?.keyHash ?? ""]) expect(gateway.log()).not.toContain(secret);
});

describe("brute force", () => {
  it("ends after ten tries a minute, on every route together; who was there before goes on", async () => {
    await using limited = await startGateway({ auth, servers });
    const get = async (path: string, headers: Record<string, string>) => ask(limited.url + path, { headers });
    expect((await get("/api", { "x-api-key": KEY })).status).toBe(200);
    for (let request = 0; request < 20; request++) expect((await get("/api", {})).status).toBe(401);
    const paths = ["/api", "/echo/mcp", "/echo/sse", "/openapi.json", "/docs"];
    const tries = [...paths, ...paths].map((path) => get(path, { "x-api-key": "wrong", accept: "*/*" }));
    expect((await Promise.all(tries)).map(({ status }) => status)).not.toContain(429);
    const refused = await get("/api", { "x-api-key": "wrong" });
    expect(refused).toMatchObject({
      status: 429,
      headers: { "retry-after": expect.stringMatching(/^[1-6]?\d$/) as string },
    });
    expect(JSON.parse(refused.body)).toMatchObject({ code: "too_many_failed_logins", retryable: true });
    expect((await get("/api", { "x-api-key": KEY })).status).toBe(200);
    expect((await get("/api", { "x-api-key": OTHER })).status).toBe(429);
    expect(refusal(await post(`${limited.url}/echo/mcp`, INITIALIZE, { "x-api-key": OTHER }))).toMatchObject({
      status: 429,
    });
    expect(limited.log()).toMatch(/reason=too_many_failed_logins address="?127\.0\.0\.1/);
    // A proxy is trusted only when the config says so.
    expect((await get("/api", { "x-api-key": OTHER, "x-forwarded-for": "192.0.2.7" })).status).toBe(429);
  });

  it("from behind a trusted proxy ends for the one who tries, and nobody else", async () => {
    await using proxied = await startGateway({ auth, servers, trustedProxies: ["127.0.0.1"] });
    const get = async (key: string, client: string) =>
      (await ask(`${proxied.url}/api`, { headers: { "x-api-key": key, "x-forwarded-for": client } })).status;
    for (let request = 0; request < 10; request++) expect(await get(`wrong-${request}`, "192.0.2.66")).toBe(401);
    expect([await get(KEY, "192.0.2.66"), await get(KEY, "192.0.2.7")]).toEqual([429, 200]);
  });
});
