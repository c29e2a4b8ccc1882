import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { ask, post, refusal, sendRaw } from "../helpers/http.ts";
import { openSession, openSse } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    limits: { heartbeat: "100ms" },
    // The same server under several names, so that a test can count its own children.
    servers: { echo: fixture("echo"), lazy: fixture("echo"), brief: fixture("echo"), untouched: fixture("echo") },
  });
});

afterAll(() => gateway[Symbol.asyncDispose]());

const url = (path: string): string => gateway.url + path;

describe("the stream", () => {
  it("begins with the endpoint event, a path with the session's id", async () => {
    await using client = await openSse(url("/echo"));
    expect(client.events()[0]).toEqual({ event: "endpoint", data: client.endpoint });
    expect(client.endpoint).toMatch(/^\/echo\?sessionId=[A-Za-z0-9_-]{21,}$/);
  });

  it("announces the path that was asked for, with and without /sse and a slash at its end", async () => {
    await using plain = await openSse(url("/echo/"));
    await using sse = await openSse(url("/echo/sse"));
    await using slash = await openSse(url("/echo/sse/?x=1"));
    const paths = [plain, sse, slash].map(({ endpoint }) => endpoint.replace(/=.*/, ""));
    expect(paths).toEqual(["/echo?sessionId", "/echo/sse?sessionId", "/echo/sse?sessionId"]);
  });

  it("has the headers that keep proxies from buffering and caching it", async () => {
    await using client = await openSse(url("/echo"));
    expect(client.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    expect(client.headers).not.toHaveProperty("content-length");
    expect(client.headers["x-request-id"]).toMatch(/^.{8,}$/);
  });

  it("says nothing of the connection to a client that keeps it alive: HTTP/2, behind a proxy, has no such header", async () => {
    const request = "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n";
    const received = await sendRaw(gateway.port, request, (text) => text.includes("sessionId="));
    expect(received).not.toMatch(/^(?:connection|keep-alive):/im);
  });

  it("carries a comment from the first moment on and as a heartbeat, before any message was sent", async () => {
    await using client = await openSse(url("/echo"));
    expect(client.wire()).toMatch(/^:/);
    await until(() => client.comments().length >= 4, { what: "heartbeats come" });
    expect(client.events()).toHaveLength(1);
  });

  it("starts no child before the first message, and exactly one then", async () => {
    await using client = await openSse(url("/lazy"));
    await until(() => client.comments().length >= 3, { what: "some time goes by" });
    expect(gateway.children("lazy")).toEqual([]);
    await client.initialize();
    await client.call("echo", { message: "hi" });
    expect(gateway.children("lazy")).toHaveLength(1);
  });

  it("ends its child when the client closes it", async () => {
    const client = await openSession(url("/brief"));
    expect(gateway.children("brief")).toHaveLength(1);
    client.close();
    await until(() => gateway.children("brief").length === 0, { deadlineMs: 7_000, what: "the child is gone" });
    const late = await client.send({ jsonrpc: "2.0", id: 9, method: "ping" });
    expect(refusal(late)).toMatchObject({ status: 404, code: -32001, reason: "session_not_found" });
  });
});

describe("the endpoint behind a reverse proxy", () => {
  const endpointFor = async (prefix: string): Promise<string> => {
    await using client = await openSse(url("/echo"), { "x-forwarded-prefix": prefix });
    return client.endpoint.replace(/=.*/, "");
  };

  it.each([
    ["/tools", "/tools/echo?sessionId"],
    ["/tools/", "/tools/echo?sessionId"],
    ["/a/b-c/d_e.f~g", "/a/b-c/d_e.f~g/echo?sessionId"],
  ])("follows X-Forwarded-Prefix: %s", async (prefix, endpoint) => {
    expect(await endpointFor(prefix)).toBe(endpoint);
  });

  it.each([
    "//evil.example",
    "/a//evil.example",
    "/",
    "https://evil.example",
    String.raw`/\evil.example`,
    String.raw`\\evil.example`,
    "evil",
    "/a?x=1",
    "/a#x",
    "/a b",
    "/a%0adata:%20x",
    "/a\tb",
    "/caf\u00e9",
    "/a, /b",
    "/<script>",
    "",
  ])("ignores the hostile X-Forwarded-Prefix: %j", async (prefix) => {
    expect(await endpointFor(prefix)).toBe("/echo?sessionId");
  });

  it.each(["/a\n//evil.example", "/a\r//evil.example", "/a\r\n //evil.example", "/a\u0000b"])(
    "lets no line break of X-Forwarded-Prefix reach the stream: %j",
    async (prefix) => {
      const request = `GET /echo HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Prefix: ${prefix}\r\n\r\n`;
      const received = await sendRaw(gateway.port, request, (text) => text.includes("sessionId"));
      expect(received).toMatch(/^HTTP\/1\.1 (?:400|200) /);
      expect(received).not.toContain("evil.example");
    },
  );

  it("prefers the path of publicUrl to any header, and never says a host", async () => {
    await using proxied = await startGateway({
      publicUrl: "https://mcp.example.com/gate/",
      servers: { echo: fixture("echo") },
    });
    await using client = await openSse(`${proxied.url}/echo`, { "x-forwarded-prefix": "/other" });
    expect(client.endpoint).toMatch(/^\/gate\/echo\?sessionId=/);
    // The proxy strips the prefix.
    const direct = new URL(client.endpoint.slice("/gate".length), proxied.url);
    expect(await post(direct, { jsonrpc: "2.0", id: 1, method: "ping" })).toMatchObject({ status: 202 });
    expect(await client.response(1)).toMatchObject({ result: {} });
  });
});

describe("Accept", () => {
  it.each([
    "text/event-stream",
    "TEXT/EVENT-STREAM",
    "*/*",
    "text/*",
    "application/json, text/event-stream",
    "text/event-stream, application/json",
    "application/json;q=0.9, text/event-stream;q=0.1",
    "",
  ])("opens the stream for %j", async (accept) => {
    await using client = await openSse(url("/echo"), { accept });
    expect(client.endpoint).toContain("sessionId=");
  });

  it("opens the stream when it is missing", async () => {
    const request = "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const received = await sendRaw(gateway.port, request, (text) => text.includes("sessionId="));
    expect(received).toMatch(/^HTTP\/1\.1 200 [^]*event: endpoint\nretry: 1000\ndata: \/echo\?sessionId=/);
  });

  it.each(["application/json", "text/plain", "text/event-stream;q=0", "*/*, text/event-stream;q=0"])(
    "gives 406 for %j, and no child or session",
    async (accept) => {
      const answer = await ask(url("/echo"), { headers: { accept } });
      expect(refusal(answer)).toMatchObject({ status: 406, reason: "not_acceptable" });
    },
  );
});

describe("verbs and addresses", () => {
  it.each(["/untouched", "/untouched/", "/untouched/sse", "/unknown", "/unknown/sse"])(
    "answers HEAD %s with 405",
    async (path) => {
      const answer = await ask(url(path), { method: "HEAD" });
      expect(answer).toMatchObject({ status: 405, body: "" });
      expect(answer.headers.allow).toContain("GET");
      expect(gateway.children("untouched")).toEqual([]);
    },
  );

  it.each(["PUT", "PATCH", "TRACE", "PROPFIND"])("answers %s with 405 and Allow", async (method) => {
    const answer = await ask(url("/echo"), { method });
    expect(refusal(answer)).toMatchObject({ status: 405, reason: "method_not_allowed" });
    expect(answer.headers.allow).toBeDefined();
  });

  it("takes messages with 202 at the endpoint, with or without a slash at its end", async () => {
    await using client = await openSse(url("/echo"));
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    expect(await client.send(ping)).toMatchObject({ status: 202, body: "" });
    const slash = await post(url(`/echo/?sessionId=${client.sessionId}`), { ...ping, id: 2 });
    expect(slash.status).toBe(202);
    expect(await client.response(1)).toMatchObject({ result: {} });
    expect(await client.response(2)).toMatchObject({ result: {} });
  });

  it("answers an unknown session with 404 and -32001, on which clients begin anew", async () => {
    const answer = await post(url("/untouched?sessionId=nobody"), { jsonrpc: "2.0", id: 1, method: "ping" });
    expect(refusal(answer)).toMatchObject({ status: 404, code: -32001, reason: "session_not_found" });
    expect(gateway.children("untouched")).toEqual([]);
  });

  it("answers a POST without sessionId with an error: 400 at /<server>, 405 at /<server>/sse", async () => {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    expect(await post(url("/echo"), message)).toMatchObject({ status: 400 });
    const answer = await post(url("/echo/sse"), message);
    expect(refusal(answer)).toMatchObject({ status: 405, reason: "method_not_allowed" });
    expect(answer.headers.allow).toBe("GET");
  });
});
