import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";

// Who asks at the wrong place, or with the wrong method, is told where and with which method there is something.

const TOKEN = "the-token-of-the-test";
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const TOGETHER = "All of them together are at /mcp and /sse.";
const ELSEWHERE = "REST is at /api, the OpenAPI document at /openapi.json, a page for people at /docs.";

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({
    auth: { bearer: { tokens: [TOKEN] } },
    servers: { echo: fixture("echo"), memory: fixture("counter") },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const messageAt = async (path: string, headers = {}, method = "POST"): Promise<unknown> => {
  const { status, body } = await ask(gateway.url + path, { method, headers });
  expect(status).toBe(404);
  return (JSON.parse(body) as { error: { message: string } }).error.message;
};

describe("where nothing is served", () => {
  test.each(["/message", "/mcp/mcp", "/sse/x", "/", "/echo/mcp/more", "/favicon.ico"])(
    "who is known is told what is: %s",
    async (path) => {
      expect(await messageAt(path, AUTHORIZED)).toBe(
        `Nothing is served at ${path}. MCP servers are at /<server>/mcp and /<server>/sse: /echo/mcp, /memory/mcp. ${TOGETHER} ${ELSEWHERE}`,
      );
    },
  );

  test.each([{}, { authorization: "Bearer wrong" }])("a stranger is not told the names (%j)", async (headers) => {
    expect(await messageAt("/message", headers)).toBe(
      `Nothing is served at /message. MCP servers are at /<server>/mcp and /<server>/sse. ${TOGETHER} ${ELSEWHERE}`,
    );
  });

  test("with the prefix that a proxy took off", async () => {
    const headers = { ...AUTHORIZED, "x-forwarded-prefix": "/gate" };
    expect(await messageAt("/message", headers)).toContain(": /gate/echo/mcp, /gate/memory/mcp.");
  });

  test("an unknown server's name is answered with those that there are", async () => {
    expect(await messageAt("/ecko/mcp", AUTHORIZED)).toBe(
      'No such server. Did you mean "echo"? The servers are at /echo/mcp, /memory/mcp.',
    );
    const { status, body } = await ask(`${gateway.url}/ecko/mcp`, { method: "POST" });
    expect([status, body.includes("memory")]).toEqual([401, false]);
  });

  test("of many names some are told, the others counted", async () => {
    const servers = Object.fromEntries(Array.from({ length: 23 }, (_, at) => [`server-${at}`, fixture("echo")]));
    await using large = await startGateway({ servers });
    const { body } = await ask(`${large.url}/message`, { method: "POST" });
    expect(body).toContain("/server-19/mcp and 3 more.");
    expect(body).not.toContain("server-20");
  });
});

describe("Allow is complete and true", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

  test.each([
    ["/echo", {}, "GET, POST"],
    ["/echo", { "mcp-protocol-version": "2026-07-28", "mcp-session-id": "nobody" }, "POST"],
    ["/echo/mcp", {}, "POST"],
    ["/echo/mcp", { "mcp-session-id": "nobody" }, "GET, POST, DELETE"],
    ["/echo/sse", {}, "GET"],
    ["/echo/sse?sessionId=nobody", {}, "GET, POST"],
    ["/api", {}, "GET, HEAD"],
    ["/api/echo", {}, "GET, HEAD"],
    ["/api/echo/echo", {}, "GET, HEAD, POST"],
    ["/api/sessionid", {}, "GET, HEAD"],
    ["/api/sessions", {}, "POST"],
    ["/api/sessions/session-1", {}, "GET, HEAD, DELETE"],
    ["/openapi.json", {}, "GET, HEAD"],
    ["/api/echo/openapi.yaml", {}, "GET, HEAD"],
    ["/docs", {}, "GET, HEAD"],
    ["/docs/style.css", {}, "GET, HEAD"],
    ["/problems", {}, "GET, HEAD"],
    ["/problems/not_found", {}, "GET, HEAD"],
    ["/health", {}, "GET, HEAD"],
    ["/healthz", {}, "GET, HEAD"],
    ["/live", {}, "GET, HEAD"],
    ["/ready", {}, "GET, HEAD"],
  ])("at %s (%j): %s", async (path, headers, allow) => {
    const allowed = allow.split(", ");
    const answered = await Promise.all(
      METHODS.map(async (method) => {
        const options = { method, headers: { ...AUTHORIZED, ...headers }, headOnly: true };
        const answer = await ask(gateway.url + path, options);
        return [method, answer.status === 405, answer.status === 405 ? answer.headers.allow : undefined];
      }),
    );
    expect(answered).toEqual(
      METHODS.map((method) => (allowed.includes(method) ? [method, false, undefined] : [method, true, allow])),
    );
  });
});
