import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { startRedis, type RedisServer } from "../helpers/redis.ts";
import { until } from "../helpers/until.ts";

// Policy, rate limits and audit for clients of MCP 2026-07-28, whose requests belong to no session.

const PREFIX = "io.modelcontextprotocol/";
const META = { [`${PREFIX}protocolVersion`]: "2026-07-28", [`${PREFIX}clientCapabilities`]: {} };
const ALICE = "the-token-of-alice-0001";
const BOB = "the-token-of-bob-000002";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

async function ask(url: string, token: string, method: string, params: Record<string, unknown> = {}): Promise<Answer> {
  const name = params["name"];
  const response = await fetch(url, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": method,
      ...(typeof name === "string" && { "Mcp-Name": name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } }),
  });
  const message = JSON.parse(await response.text()) as Pick<Answer, "result" | "error">;
  return { status: response.status, headers: response.headers, ...message };
}

const call = (url: string, token: string, name: string): Promise<Answer> =>
  ask(url, token, "tools/call", { name, arguments: { message: "x" } });

const namesIn = ({ result }: Answer): readonly string[] =>
  ((result?.["tools"] ?? []) as readonly { readonly name: string }[]).map(({ name }) => name);

describe("a policy", () => {
  let gateway: GatewayProcess;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mcp-gateway-modern-access-"));
    gateway = await startGateway({
      auth: {
        apiKeys: [
          { id: "alice", key: ALICE },
          { id: "bob", key: BOB },
        ],
      },
      policy: {
        rules: [
          { subject: { principal: "alice" }, allow: { servers: ["echo"], tools: ["echo", "add"] } },
          { subject: { principal: "bob" }, allow: { servers: ["other"] } },
        ],
      },
      audit: { sink: "file", file: join(folder, "audit.jsonl") },
      servers: { echo: fixture("echo"), other: fixture("echo") },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("filters the lists of a client without a session", async () => {
    expect(namesIn(await ask(`${gateway.url}/echo/mcp`, ALICE, "tools/list")).toSorted()).toEqual(["add", "echo"]);
    expect(namesIn(await ask(`${gateway.url}/other/mcp`, BOB, "tools/list")).length).toBeGreaterThan(2);
  });

  test("hides what may not be called: the answer is that for a tool that does not exist", async () => {
    const hidden = await call(`${gateway.url}/echo/mcp`, ALICE, "sleep");
    const unknown = await call(`${gateway.url}/echo/mcp`, ALICE, "xyz");
    expect(hidden.status).toBe(unknown.status);
    const saying = ({ result, error }: Answer, name: string): string =>
      JSON.stringify(result ?? error).replaceAll(name, "");
    expect(saying(hidden, "sleep")).toBe(saying(unknown, "xyz"));
    expect((await call(`${gateway.url}/echo/mcp`, ALICE, "echo")).result).toMatchObject({ content: [{ text: "x" }] });
  });

  test("hides a whole server, for whose sake no process is started", async () => {
    const before = gateway.children().length;
    const [hidden, unknown] = await Promise.all([
      call(`${gateway.url}/echo/mcp`, BOB, "echo"),
      call(`${gateway.url}/none/mcp`, BOB, "echo"),
    ]);
    expect([hidden.status, unknown.status]).toEqual([404, 404]);
    expect(hidden.error?.code).toBe(unknown.error?.code);
    expect(gateway.children()).toHaveLength(before);
  });

  test("is audited with the caller, the tool and the verdict", async () => {
    await call(`${gateway.url}/echo/mcp`, ALICE, "add");
    const lines = (): Record<string, unknown>[] =>
      readFileSync(join(folder, "audit.jsonl"), "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const line = await until(() => lines().find(({ tool }) => tool === "add"), { what: "the call is in the trail" });
    expect(line).toMatchObject({ apiKeyId: "alice", server: "echo", method: "tools/call" });
  });
});

describe.each(["memory", "redis"] as const)("a rate limit in %s", (backend) => {
  let redis: RedisServer | undefined;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    redis = backend === "redis" ? await startRedis() : undefined;
    gateway = await startGateway({
      auth: { bearer: { tokens: [ALICE, BOB] } },
      rateLimit: { byMethod: { "tools/call": 3 }, ...(redis !== undefined && { redis: redis.url }) },
      servers: { echo: fixture("echo") },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  test("counts the calls of a client without a session, and answers 429 with the id of the request", async () => {
    const url = `${gateway.url}/echo/mcp`;
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(url, ALICE, "echo")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(3);
    for (const { headers, error } of refused) {
      expect(error).toMatchObject({ code: 42900 });
      expect(headers.get("RateLimit-Limit")).toBe("3");
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    }
    expect((await call(url, BOB, "echo")).headers.get("RateLimit-Remaining")).toBe("2");
    expect((await ask(url, ALICE, "tools/list")).status).toBe(200);
  });
});
