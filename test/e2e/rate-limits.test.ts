import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../helpers/cli.ts";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { freePort, startRedis, withoutRedis } from "../helpers/redis.ts";
import { newId, problem, RestClient } from "../helpers/rest-client.ts";
import { openSse, type SseClient } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// How often callers may, on every transport, against a real Redis.

const auth = { bearer: { tokens: ["first-token", "second-token"] } };
const servers = { echo: fixture("echo"), other: fixture("echo") };
const FIRST = { Authorization: "Bearer first-token" };
const SECOND = { Authorization: "Bearer second-token" };

const withLimits = (rateLimit: object, more: object = {}): object => ({ auth, servers, rateLimit, ...more });
const start = (rateLimit: object, env: Record<string, string> = {}): Promise<GatewayProcess> =>
  startGateway(withLimits(rateLimit) as Record<string, unknown>, { env });

const ready = async ({ url }: GatewayProcess): Promise<object> => {
  const response = await fetch(`${url}/ready`);
  return { status: response.status, body: await response.json() };
};

/** An HTTP+SSE session whose posts carry the credentials as well. */
async function openWith(url: string, headers: Record<string, string>): Promise<SseClient> {
  const client = await openSse(url, headers);
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
  await client.send({ jsonrpc: "2.0", id: 1, method: "initialize", params }, headers);
  await client.response(1);
  return client;
}

async function callEcho(client: SseClient, id: number, message: string): Promise<object> {
  const params = { name: "echo", arguments: { message } };
  await client.send({ jsonrpc: "2.0", id, method: "tools/call", params }, FIRST);
  return client.response(id);
}

describe("rate limits in memory", () => {
  it("are the same limit on REST, Streamable HTTP and HTTP+SSE, and each caller's own", async () => {
    await using gateway = await start({ byMethod: { "tools/call": 3 } });
    const rest = new RestClient(gateway.url, FIRST);
    await using streamable = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    await using sse = await openWith(`${gateway.url}/echo`, FIRST);

    const byRest = await rest.call("echo/echo", { message: "1" });
    expect(byRest).toMatchObject({
      status: 200,
      headers: { "ratelimit-limit": "3", "ratelimit-remaining": "2" },
    });
    expect(Number(byRest.headers["ratelimit-reset"])).toBeGreaterThan(50);
    const byPost = await streamable.start("echo", { message: "2" });
    expect(byPost.headers).toMatchObject({ "ratelimit-remaining": "1" });
    expect(await callEcho(sse, 70, "3")).toMatchObject({ result: {} });

    const refused = await rest.call("echo/echo", { message: "4" });
    expect(refused).toMatchObject(problem(429, "rate_limited", { retryable: true, limit: 3 }));
    expect(refused.headers).toMatchObject({ "ratelimit-remaining": "0" });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(50);
    const posted = await (await streamable.start("echo", { message: "5" }, { id: 77 })).over();
    expect(posted).toMatchObject({ status: 429, headers: { "retry-after": expect.stringMatching(/^\d+$/) } });
    expect(posted.headers).not.toHaveProperty("mcp-session-id");
    expect(posted.json).toMatchObject({
      id: 77,
      error: { code: 42900, data: { reason: "rate_limited", limit: 3, retryAfterMs: expect.any(Number) } },
    });
    const message = { jsonrpc: "2.0", id: 78, method: "tools/call", params: { name: "echo" } };
    expect((await sse.send(message, FIRST)).status).toBe(429);

    // Another method, and another caller, have their own.
    expect((await (await streamable.request("tools/list")).over()).status).toBe(200);
    const other = new RestClient(gateway.url, SECOND);
    expect(await other.call("other/echo", { message: "mine" })).toMatchObject({ status: 200 });
    // The limit is that of all servers together.
    expect(await rest.call("other/echo", { message: "6" })).toMatchObject({ status: 429 });
  });

  it("never apply to initialize, ping, notifications and streams", async () => {
    await using gateway = await start({ defaultRpm: 1 });
    for (let at = 0; at < 3; at++) {
      await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
      for (let ping = 0; ping < 3; ping++) expect((await (await client.request("ping")).over()).status).toBe(200);
      await client.notify("notifications/roots/list_changed");
      expect((await client.get()).status).toBe(200);
    }
  });

  it("start no process for a REST call that would be refused", async () => {
    await using gateway = await start({ byMethod: { "tools/call": 1 } });
    const rest = new RestClient(gateway.url, FIRST);
    expect(await rest.call("echo/echo", { message: "1" })).toMatchObject({ status: 200 });
    const before = gateway.children("echo").length;
    for (let at = 0; at < 20; at++) {
      expect(await rest.call("echo/echo", { message: "x" }, { sessionId: newId() })).toMatchObject({ status: 429 });
    }
    expect(gateway.children("echo")).toHaveLength(before);
  });

  it("count a batch as a whole and refuse it as a whole", async () => {
    await using gateway = await start({ defaultRpm: 3 });
    const client = new StreamableClient(`${gateway.url}/echo`, FIRST);
    await client.initialize({ version: "2025-03-26" });
    const batch = (count: number): object[] =>
      Array.from({ length: count }, (_none, id) => ({ jsonrpc: "2.0", id, method: "tools/list" }));
    expect((await (await client.post(batch(4))).over()).status).toBe(429);
    expect((await (await client.post(batch(3))).over()).status).toBe(200);
    expect((await (await client.post(batch(1))).over()).status).toBe(429);
    await client[Symbol.asyncDispose]();
  });

  it("are a JSON-RPC error in a 200 with mcpStatus: jsonrpc, for each request of a batch, and on the stream of HTTP+SSE", async () => {
    await using gateway = await start({ defaultRpm: 1, mcpStatus: "jsonrpc" });
    const client = new StreamableClient(`${gateway.url}/echo`, FIRST);
    await client.initialize({ version: "2025-03-26" });
    await using sse = await openWith(`${gateway.url}/echo`, FIRST);
    const list = (id: number): object => ({ jsonrpc: "2.0", id, method: "tools/list" });
    const both = await (await client.post([list(1), list(2)])).over();
    expect(both.status).toBe(200);
    expect(both.messages.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, 42900],
      [2, 42900],
    ]);
    expect((await (await client.post(list(3))).over()).messages[0]).toMatchObject({ id: 3, result: {} });
    const one = await (await client.post(list(4))).over();
    expect(one).toMatchObject({ status: 200, messages: [{ id: 4, error: { code: 42900 } }] });
    expect((await sse.send(list(5), FIRST)).status).toBe(202);
    expect(await sse.response(5)).toMatchObject({ error: { data: { reason: "rate_limited" } } });
    // The session goes on, and REST has statuses.
    expect((await (await client.request("ping")).over()).status).toBe(200);
    const rest = new RestClient(gateway.url, FIRST);
    await rest.call("echo/echo", { message: "1" });
    expect(await rest.call("echo/echo", { message: "2" })).toMatchObject({ status: 429 });
    await client[Symbol.asyncDispose]();
    // Each refusal is counted and logged, whatever its HTTP status was.
    const metrics = await fetch(`${gateway.url}/metrics`, { headers: FIRST });
    expect(await metrics.text()).toContain('mcp_gateway_limits_met_total{limit="rate_limited"} 4');
    expect(gateway.log().match(/ refused: More than 1 such requests/g)).toHaveLength(4);
  });

  it("grant exactly the limit to 200 calls at once", async () => {
    await using gateway = await start({ byMethod: { "tools/call": 120 } });
    const rest = new RestClient(gateway.url, FIRST);
    const sessionId = newId();
    await rest.call("echo/echo", { message: "first" }, { sessionId });
    const calls = Array.from({ length: 200 }, () => rest.call("echo/echo", { message: "x" }, { sessionId }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(119);
    expect(statuses.filter((status) => status === 429)).toHaveLength(81);
  });
});

describe.skipIf(withoutRedis !== undefined)("rate limits in Redis", () => {
  it("are one limit of two gateways: 120 calls in all, not 240", async () => {
    await using redis = await startRedis();
    const rateLimit = { byMethod: { "tools/call": 120 }, keyPrefix: "mcp-gateway:test" };
    await using one = await start({ ...rateLimit, redis: redis.url });
    await using two = await start(rateLimit, { REDIS_URL: redis.url });
    const calls = [one, two].flatMap(({ url }) => {
      const rest = new RestClient(url, FIRST);
      return Array.from({ length: 120 }, () =>
        rest.call("echo/echo", { message: "x" }, { sessionId: "one-session-of-mine" }),
      );
    });
    const answers = await Promise.all(calls);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(120);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(120);
    expect(redis.ask("keys", "*")).toMatch(/^mcp-gateway:test:rate::bearer=[0-9a-f]{12}:tools\/call$/);
    expect(redis.ask("get", redis.ask("keys", "*"))).toBe("120");

    // On MCP it is the same one, also with a stream.
    await using client = await StreamableClient.open(`${two.url}/echo`, { headers: FIRST });
    expect((await (await client.start("echo", { message: "x" })).over()).status).toBe(429);
    const stream = await new RestClient(one.url, FIRST).stream("echo/echo", { message: "x" });
    expect((await stream.over()).status).toBe(429);
    expect(await new RestClient(one.url, SECOND).stream("echo/echo", { message: "x" })).toMatchObject({ status: 200 });
  });

  it("refuse while Redis is lost, say so in /ready, and go on when it is back", async () => {
    await using redis = await startRedis();
    await using gateway = await start({ redis: redis.url });
    const rest = new RestClient(gateway.url, FIRST);
    const call = async (): Promise<number> => (await rest.call("echo/echo", { message: "x" })).status;
    expect(await call()).toBe(200);
    await redis.stop();
    await until(async () => (await call()) === 503, { what: "the loss is noticed" });
    expect(await rest.call("echo/echo", {})).toMatchObject({ status: 422 });
    expect(await rest.call("echo/echo", { message: "x" })).toMatchObject(
      problem(503, "unavailable", { reason: "limits_unavailable" }),
    );
    expect(await ready(gateway)).toMatchObject({
      status: 503,
      body: { status: "not ready", reasons: ["rate limits: Redis cannot be reached"] },
    });
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    // What is not limited goes on.
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    expect((await (await client.request("ping")).over()).status).toBe(200);
    await redis.start();
    await until(async () => (await call()) === 200, { deadlineMs: 15_000, what: "it is back" });
    expect(await ready(gateway)).toMatchObject({ status: 200, body: { status: "ready" } });
    const lines = gateway.log().match(/Redis is (?:lost|back)/g);
    expect(lines).toEqual(["Redis is lost", "Redis is back"]);
  });

  it("let calls through while Redis is lost with onError: allow, and are degraded", async () => {
    await using redis = await startRedis();
    await using gateway = await start({ redis: redis.url, onError: "allow", byMethod: { "tools/call": 1 } });
    const rest = new RestClient(gateway.url, FIRST);
    await rest.call("echo/echo", { message: "x" });
    expect((await rest.call("echo/echo", { message: "x" })).status).toBe(429);
    await redis.stop();
    await until(async () => (await rest.call("echo/echo", { message: "x" }, { headers: SECOND })).status === 200, {
      what: "the loss is noticed",
    });
    for (let at = 0; at < 5; at++)
      expect((await rest.call("echo/echo", { message: "x" }, { headers: SECOND })).status).toBe(200);
    expect(await ready(gateway)).toMatchObject({ status: 200, body: { status: "degraded" } });
  });

  it("answer within a second while Redis is silent, and in the order of the messages when it speaks again", async () => {
    await using redis = await startRedis();
    await using gateway = await start({ redis: redis.url });
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    expect(await client.call("echo", { message: "warm" })).toBe("warm");
    redis.freeze();
    const late = await (await client.start("echo", { message: "x" })).over();
    expect(late.status).toBe(503);
    const next = await (await client.start("echo", { message: "x" })).over();
    expect(next).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    redis.thaw();
    await until(async () => (await (await client.start("echo", { message: "x" })).over()).status === 200, {
      deadlineMs: 10_000,
      what: "it counts again",
    });
  });

  it("tell of a call that its caller left before it was counted to nobody, and run nothing for it", async () => {
    await using redis = await startRedis();
    await using gateway = await start({ redis: redis.url });
    const rest = new RestClient(gateway.url, FIRST);
    await rest.call("echo/echo", { message: "x" }, { sessionId: "session-of-mine" });
    redis.freeze();
    const gone = new AbortController();
    const calls = Array.from({ length: 20 }, () =>
      rest
        .call("echo/sleep", { ms: 60_000 }, { sessionId: "session-of-mine", signal: gone.signal })
        .catch(() => "left"),
    );
    gone.abort();
    expect(await Promise.all(calls)).toEqual(calls.map(() => "left"));
    redis.thaw();
    await until(
      async () => (await rest.call("echo/echo", { message: "y" }, { sessionId: "session-of-mine" })).status === 200,
      {
        deadlineMs: 10_000,
        what: "the session goes on",
      },
    );
  });

  it("end the start with 78 and the reason when Redis cannot be reached, without its password", async () => {
    const nobody = await freePort();
    await using redis = await startRedis("--requirepass", "right-password");
    const cases = [
      [{ redis: `redis://127.0.0.1:${nobody}` }, {}, /Redis at 127\.0\.0\.1:\d+, .* cannot be reached: .*ECONNREFUSED/],
      [{}, { REDIS_URL: `redis://:a-wrong-password@127.0.0.1:${nobody}` }, /cannot be reached/],
      [{ redis: redis.url.replace("//", "//:a-wrong-password@") }, {}, /WRONGPASS/],
      [{ redis: redis.url }, {}, /NOAUTH/],
      [{ backend: "redis" }, {}, /neither rateLimit\.redis nor REDIS_URL/],
    ] as const;
    for (const [rateLimit, env, reason] of cases) {
      const failure = await startGateway(withLimits(rateLimit) as Record<string, unknown>, { env }).then(
        () => "it started",
        (error: unknown) => String(error) + String((error as Error).cause),
      );
      expect(failure).toMatch(reason);
      expect(failure).toContain("exited with code 78");
      expect(failure).not.toContain("a-wrong-password");
    }
  }, 60_000);
});

describe("the settings of rate limits", () => {
  it("of the sample run as written", async () => {
    // The blocks as users of another gateway have them.
    const sample = `
      rateLimit:
        keyPrefix: "mcp-gateway:prod"
        defaultRpm: 600
        byMethod:
          tools/call: 120
      audit:
        enabled: true
        environments: ["production", "staging"]
      auth: { apiKeys: [{ id: dev, key: first-token, tenant: acme, client: ci }] }
      servers: { echo: ${JSON.stringify(fixture("echo"))} }`;
    await using gateway = await startGateway(sample, { env: { NODE_ENV: "production" } });
    const rest = new RestClient(gateway.url, FIRST);
    const answer = await rest.call("echo/echo", { message: "x" });
    expect(answer.headers).toMatchObject({ "ratelimit-limit": "120", "ratelimit-remaining": "119" });
    const line = await until(() => /^\{.*"event":"call".*$/m.exec(gateway.log())?.[0], {
      what: "the call is in the trail",
    });
    expect(JSON.parse(line)).toMatchObject({
      environment: "production",
      principal: "apiKey:dev",
      apiKeyId: "dev",
      tenant: "acme",
      client: "ci",
      tool: "echo",
    });
  });

  it("that make no sense are reported with their line", async () => {
    const config = `
servers: { echo: { command: node } }
rateLimit:
  defaultRpm: 0
  byMethod: { "tools/call": many }
  redis: http://redis
  backend: etcd
audit: { sink: file }
`;
    const cwd = mkdtempSync(join(tmpdir(), "mcp-gateway-limits-"));
    writeFileSync(join(cwd, "config.yaml"), config);
    const { stderr, stdout, code } = await runCli(["validate"], { cwd });
    rmSync(cwd, { recursive: true });
    expect(code).toBe(78);
    for (const what of ["defaultRpm", "tools/call", "redis", "backend", "audit.file"])
      expect(stdout + stderr).toContain(what);
  });
});
