import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixture, ROOT, startGateway } from "../helpers/gateway.ts";
import { freePort } from "../helpers/redis.ts";
import { newId, problem, RestClient } from "../helpers/rest-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// What was done: a line for each call and each refusal, wherever it came in.

const auth = { bearer: { tokens: ["first-token", "second-token"] } };
const servers = { echo: fixture("echo"), dies: fixture("dies-mid-call") };
const FIRST = { Authorization: "Bearer first-token" };

type Line = Readonly<Record<string, unknown>>;

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-audit-e2e-"));
  path = join(folder, "audit.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const linesIn = (file: string): Line[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

const line = (is: (line: Line) => boolean, what: string): Promise<Line> =>
  until(() => linesIn(path).find(is), { what: `the trail has ${what}` });

describe("the audit trail", () => {
  it("has a line for each call of every transport, with who called and how it ended", async () => {
    await using gateway = await startGateway({ auth, servers, audit: { file: path }, policy: ALL });
    const rest = new RestClient(gateway.url, FIRST);
    const byRest = await rest.call("echo/echo", { message: "secret-argument" }, { sessionId: "my-own-session-id" });
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    await client.call("echo", { message: "x" });
    await (await client.request("resources/read", { uri: "file:///x" })).over();
    await rest.call("dies/die");

    expect(await line(({ transport }) => transport === "rest", "the REST call")).toEqual({
      time: expect.stringMatching(/^\d{4}-/),
      event: "call",
      environment: "development",
      requestId: byRest.headers["x-request-id"],
      session: "my-own-s",
      transport: "rest",
      principal: expect.stringMatching(/^bearer:[0-9a-f]{12}$/),
      server: "echo",
      method: "tools/call",
      tool: "echo",
      verdict: "allow",
      rule: "policy.rules[0].allow",
      outcome: "result",
      ms: expect.any(Number),
      bytesIn: expect.any(Number),
      bytesOut: expect.any(Number),
    });
    const own = { transport: "streamable-http", session: String(client.sessionId).slice(0, 8) };
    expect(await line(({ method }) => method === "initialize", "initialize")).toMatchObject({ ...own, server: "echo" });
    expect(await line(({ uri }) => uri === "file:///x", "the resource")).toMatchObject({ ...own, outcome: "error" });
    expect(await line(({ server }) => server === "dies", "the death")).toMatchObject({ tool: "die" });
    // Neither what the gateway lists for itself, nor its handshake for REST, nor an argument, nor a token.
    expect(linesIn(path).filter(({ transport, method }) => transport === "rest" && method !== "tools/call")).toEqual(
      [],
    );
    const text = readFileSync(path, "utf8");
    for (const secret of ["secret-argument", "first-token", String(client.sessionId)])
      expect(text).not.toContain(secret);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(gateway.log()).not.toContain('"event":"call"');
  });

  it("has what is refused: failed logins, foreign pages, limits, and what a policy denies, hidden or not", async () => {
    const deny = { default: "deny", rules: [{ allow: { methods: ["*"], tools: ["echo"] } }] };
    const rateLimit = { byMethod: { "tools/list": 1 } };
    await using gateway = await startGateway({ auth, servers, rateLimit, policy: deny, audit: { file: path } });
    const rest = new RestClient(gateway.url, FIRST);
    await rest.ask("/echo", { headers: { Authorization: "Bearer wrong-token" } });
    await rest.ask("/echo", { headers: { Origin: "https://evil.example" } });
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    await (await client.request("tools/list")).over();
    expect((await (await client.request("tools/list")).over()).status).toBe(429);
    await (await client.start("env")).over();

    expect(await line(({ outcome }) => outcome === "unauthorized", "the login")).toMatchObject({
      event: "refused",
      verdict: "deny",
      address: expect.stringContaining("127.0.0.1"),
      path: "/echo",
    });
    await line(({ outcome }) => outcome === "origin_denied", "the page");
    expect(await line(({ outcome }) => outcome === "rate_limited", "the limit")).toMatchObject({
      event: "refused",
      method: "tools/list",
      principal: expect.stringMatching(/^bearer:/),
      rule: "rateLimit.byMethod.tools/list",
    });
    expect(await line(({ tool }) => tool === "env", "the denied call")).toMatchObject({
      event: "call",
      verdict: "deny",
      rule: "policy.default",
      outcome: "error",
    });
    expect(readFileSync(path, "utf8")).not.toContain("wrong-token");
  });

  it("has few lines of a flood of refusals, and how many are left out", async () => {
    const rateLimit = { defaultRpm: 1 };
    await using gateway = await startGateway({ auth, servers, rateLimit, audit: { file: path } });
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    const flood = Array.from({ length: 500 }, () => fetch(`${gateway.url}/echo`).then(({ status }) => status));
    expect(new Set(await Promise.all(flood))).toEqual(new Set([401]));
    const calls = Array.from({ length: 100 }, async () => (await (await client.request("tools/list")).over()).status);
    expect((await Promise.all(calls)).filter((status) => status === 429).length).toBeGreaterThan(90);
    await until(
      async () => {
        await fetch(`${gateway.url}/echo`);
        return linesIn(path).some(({ leftOut }) => Number(leftOut) > 0);
      },
      { what: "the trail says how many were left out" },
    );
    expect(linesIn(path).length).toBeLessThan(400);
  });

  it("stays one line for each call whatever tools are called", async () => {
    await using gateway = await startGateway({ auth, servers, audit: { file: path } });
    await using client = await StreamableClient.open(`${gateway.url}/echo`, { headers: FIRST });
    const names = [
      'x"}\n{"event":"call","tool":"forged"}',
      "\u001b[2J\r\n",
      "\u2028\u202e\u0085",
      "__proto__",
      "y".repeat(9_999),
    ];
    for (const name of names) await (await client.start(name)).over();
    await until(() => linesIn(path).filter(({ method }) => method === "tools/call").length === names.length, {
      what: "all calls are there",
    });
    expect(linesIn(path).map(({ tool }) => tool)).not.toContain("forged");
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(readFileSync(path, "utf8")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
  });

  it("loses no line when its file is moved away under load, and none at the end", async () => {
    await using gateway = await startGateway({ auth, servers, audit: { file: path } });
    const rest = new RestClient(gateway.url, FIRST);
    const sessionId = newId();
    let sent = 0;
    const load = async (): Promise<void> => {
      for (let at = 0; at < 150; at++) {
        sent++;
        expect((await rest.call("echo/echo", { message: `${sent}` }, { sessionId })).status).toBe(200);
      }
    };
    const rotated: string[] = [];
    const rotate = async (): Promise<void> => {
      for (let at = 0; at < 5; at++) {
        const before = sent;
        await until(() => sent > before + 50, { deadlineMs: 30_000, what: "calls go on" });
        rotated.push(`${path}.${at}`);
        renameSync(path, `${path}.${at}`);
        gateway.signal("SIGHUP");
        await until(() => statSync(path).isFile(), { what: "the file is there again" });
      }
    };
    await Promise.all([load(), load(), load(), load(), rotate()]);
    expect(await gateway.stop()).toBe(0);
    const lines = [...rotated, path].flatMap(linesIn);
    const ids = lines.map(({ requestId }) => requestId);
    expect(ids).toHaveLength(sent);
    expect(new Set(ids).size).toBe(sent);
    expect(gateway.log()).toContain("SIGHUP: the audit file is opened anew");
  }, 60_000);
});

describe("an audit trail that cannot be written", () => {
  it("takes no call down on a full disk, and says so in the log and in /ready", async () => {
    await using gateway = await startGateway({ auth, servers, audit: { file: "/dev/full" } });
    const rest = new RestClient(gateway.url, FIRST);
    for (let at = 0; at < 20; at++) expect((await rest.call("echo/echo", { message: "x" })).status).toBe(200);
    const impaired = async (): Promise<object | false> => {
      const response = await fetch(`${gateway.url}/ready`);
      const body = (await response.json()) as { reasons?: string[] };
      return body.reasons !== undefined && { ...body, status: response.status };
    };
    expect(await until(impaired, { what: "it is seen" })).toMatchObject({
      status: 200,
      reasons: ["audit: the trail cannot be written"],
    });
    expect(gateway.log()).toMatch(/\[ERROR\]: The audit trail cannot be written cause=".*ENOSPC/);
    expect(await gateway.stop()).toBe(0);
  });

  it("refuses calls with onError: refuse", async () => {
    await using gateway = await startGateway({ auth, servers, audit: { file: "/dev/full", onError: "refuse" } });
    const rest = new RestClient(gateway.url, FIRST);
    await until(async () => (await rest.call("echo/echo", { message: "x" })).status === 503, { what: "it is noticed" });
    expect(await rest.call("echo/echo", { message: "x" })).toMatchObject(
      problem(503, "unavailable", { reason: "audit_unavailable" }),
    );
    const children = gateway.children("echo").length;
    await rest.call("echo/echo", { message: "x" });
    expect(gateway.children("echo")).toHaveLength(children);
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(503);
  });

  it("is a FIFO that nobody reads: calls go on, and its reader gets the lines when it comes", async () => {
    execFileSync("mkfifo", [path]);
    await using gateway = await startGateway({ auth, servers, audit: { file: path } });
    const rest = new RestClient(gateway.url, FIRST);
    for (let at = 0; at < 5; at++) expect((await rest.call("echo/echo", { message: "x" })).status).toBe(200);
    const out = join(folder, "read");
    const reader = spawn("cat", [path], { stdio: ["ignore", openSync(out, "w"), "ignore"] });
    await until(() => linesIn(out).length === 5, { deadlineMs: 10_000, what: "the lines have come" });
    reader.kill();
    expect((await rest.call("echo/echo", { message: "x" })).status).toBe(200);
    expect(await gateway.stop()).toBe(0);
  });

  it.each([
    ["a folder", (): string => folder, /EISDIR/],
    ["a file in a folder that does not exist", (): string => join(folder, "no/audit.jsonl"), /ENOENT/],
  ])("because it is %s ends the start with 78 and the reason", async (_what, place, reason) => {
    const failure = await startGateway({ auth, servers, audit: { file: place() } }).then(
      () => "it started",
      (error: unknown) => String(error) + String((error as Error).cause),
    );
    expect(failure).toMatch(/The audit trail cannot be written to /);
    expect(failure).toMatch(reason);
    expect(failure).toContain("exited with code 78");
  });
});

describe("where the trail goes", () => {
  it("is stdout with sink: stdout, and nothing else is there", async () => {
    const port = await freePort();
    mkdirSync(join(folder, "state"));
    const config = {
      hostname: "127.0.0.1",
      port,
      auth,
      servers,
      audit: { sink: "stdout" },
      state: { dir: join(folder, "state") },
    };
    writeFileSync(join(folder, "config.yaml"), JSON.stringify(config));
    const gateway = spawn(process.execPath, ["dist/main.js", "-c", join(folder, "config.yaml")], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    gateway.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    try {
      const rest = new RestClient(`http://127.0.0.1:${port}`, FIRST);
      await until(async () => (await rest.call("echo/echo", { message: "x" })).status === 200, {
        deadlineMs: 15_000,
        what: "it serves",
      });
      await until(() => text.endsWith("\n"), { what: "the call is there" });
      expect(
        text
          .trimEnd()
          .split("\n")
          .map((one) => (JSON.parse(one) as Line)["tool"]),
      ).toEqual(["echo"]);
    } finally {
      gateway.kill();
      await until(() => gateway.exitCode !== null, { deadlineMs: 20_000, what: "it has ended" });
    }
  });

  it("is stderr by default, and nowhere without a reason, or in another environment", async () => {
    const cases = [
      [{ policy: ALL }, {}, true],
      [{}, {}, false],
      [{ policy: ALL, audit: { enabled: false } }, {}, false],
      [{ audit: { environments: ["production", "staging"] } }, { NODE_ENV: "test" }, false],
      [{ audit: { environments: ["production", "staging"] } }, { MCP_GATEWAY_ENV: "staging", NODE_ENV: "test" }, true],
    ] as const;
    for (const [config, env, isWritten] of cases) {
      await using gateway = await startGateway({ auth, servers, ...config }, { env });
      await new RestClient(gateway.url, FIRST).call("echo/echo", { message: "x" });
      expect(await gateway.stop()).toBe(0);
      expect(gateway.log().includes('"event":"call"')).toBe(isWritten);
    }
  }, 60_000);
});

const ALL = { rules: [{ allow: { methods: ["*"], tools: ["*"], resources: ["*"], prompts: ["*"] } }] };
