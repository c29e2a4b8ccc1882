import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { openSession } from "../helpers/sse-client.ts";

// A gateway with default settings: on all interfaces, without authentication.

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    hostname: "0.0.0.0",
    allowedOrigins: ["https://app.example"],
    servers: { echo: fixture("echo") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const PATHS = [
  "/echo",
  "/echo/sse",
  "/echo/mcp",
  "/api",
  "/api/echo",
  "/api/echo/pid",
  "/openapi.json",
  "/docs",
  "/health",
];

describe("a page that gave our address to its own name", () => {
  test.each(PATHS)("reads nothing and starts nothing: GET %s", async (path) => {
    const host = `evil.example:${gateway.port}`;
    const answer = await ask(gateway.url + path, { headers: { host, "sec-fetch-site": "same-origin" } });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatch(/allowedHosts/);
    expect(gateway.children()).toEqual([]);
  });
});

describe("a foreign page", () => {
  test.each(PATHS)("opens nothing with an image: %s", async (path) => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
    const answer = await ask(gateway.url + path, { headers });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatch(/allowedOrigins/);
    expect(gateway.children()).toEqual([]);
  });

  test("opens no session with a link, but may lead a person to the docs", async () => {
    const headers = {
      accept: "text/html,*/*;q=0.8",
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    const refused = await ask(`${gateway.url}/echo`, { headers });
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 403,
      body: expect.stringContaining('problems/origin_denied"'),
    });
    expect((await ask(`${gateway.url}/docs`, { headers })).status).toBe(200);
    expect((await ask(`${gateway.url}/problems/origin_denied`, { headers })).status).toBe(200);
  });

  test("that is allowed may call, with its preflight", async () => {
    const headers = { origin: "https://app.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    const preflight = { method: "OPTIONS", headers: { ...headers, "access-control-request-method": "POST" } };
    expect(await ask(`${gateway.url}/echo/mcp`, preflight)).toMatchObject({ status: 204 });
    await using client = await openSession(`${gateway.url}/echo`, headers);
    expect(await client.call("echo", { message: "hi" })).toBe("hi");
  });
});

test.each(["gateway:3000", "host.docker.internal:3000", "127.0.0.1", "mcp.localhost"])(
  "a client that calls us %s is served",
  async (host) => {
    await using client = await openSession(`${gateway.url}/echo`, { host });
    expect(await client.call("echo", { message: "hi" })).toBe("hi");
  },
);

test("with credentials asked for, any name is served", async () => {
  await using guarded = await startGateway({
    hostname: "0.0.0.0",
    auth: { bearer: { tokens: ["the-token-of-the-test"] } },
    servers: { echo: fixture("echo") },
  });
  const headers = { host: "mcp.example.com", authorization: "Bearer the-token-of-the-test" };
  await using client = await openSession(`${guarded.url}/echo`, headers);
  expect(await client.call("echo", { message: "hi" })).toBe("hi");
});
