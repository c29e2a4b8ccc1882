import { connect } from "node:net";
import * as v2 from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SeenMessage } from "../../src/downstream/console/console-api.ts";
import { basic, ConsoleClient } from "../helpers/console-client.ts";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { ask, post } from "../helpers/http.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// The console as its page uses it, with the built gateway and every kind of client in front of it.

const SECRET = "s3cret-of-the-echo/server";
const alice = { authorization: basic("alice") };

let gateway: GatewayProcess;
let board: ConsoleClient;

beforeAll(async () => {
  gateway = await startGateway({
    auth: { basic: { credentials: ["alice", "bob"].map((username) => ({ username, password: "pw" })) } },
    limits: { messageBytes: "20MiB", bodyBytes: "20MiB" },
    servers: {
      echo: fixture("echo", { env: { TOKEN_OF_ECHO: SECRET } }),
      other: fixture("counter"),
      huge: fixture("echo"),
      kept: fixture("echo", { warm: 1 }),
    },
  });
  board = new ConsoleClient(gateway.url, basic("alice"));
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Which way each message went, and what it was. */
const shape = ({ from, kind, method }: SeenMessage): string => `${from} ${kind} ${method}`;

const HANDSHAKE = [
  "client request initialize",
  "server response initialize",
  "client notification notifications/initialized",
];
const CALL = ["client request tools/call", "server response tools/call"];

describe("the page", () => {
  it("is served with a token, and loads nothing but its own files", async () => {
    const { status, headers, body } = await board.get("/console");
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'self'; script-src 'self'/);
    expect(headers["content-security-policy"]).toMatch(/frame-ancestors 'none'/);
    expect(body).toContain('href="./console/assets/style.css"');
    expect(await board.token()).toMatch(/^[\w-]{43}$/);
    for (const file of ["style.css", "page.js"])
      expect(await ask(`${gateway.url}/console/assets/${file}`)).toMatchObject({ status: 200 });
    expect(await board.get("/dashboard")).toMatchObject({ status: 303, headers: { location: "console" } });
    expect(await board.get("/console", { "sec-fetch-site": "cross-site" })).toMatchObject({ status: 403 });
  });
});

describe("the messages of a session are told live and in order", () => {
  it("over HTTP+SSE", async () => {
    await using client = await openSession(`${gateway.url}/echo`, alice);
    const { key } = await board.session("echo", ({ transport }) => transport === "sse");
    expect(key).not.toContain(client.sessionId);
    using watch = await board.watch(key);
    await watch.first("backlog");
    for (const message of ["a", "b", "c"]) await client.call("echo", { message });
    await until(() => watch.messages().length >= 9, { what: "all messages are told" });
    const messages = watch.messages();
    expect(messages.map(shape)).toEqual([...HANDSHAKE, ...CALL, ...CALL, ...CALL]);
    expect(messages.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(messages.at(-1)).toMatchObject({ tool: "echo", isOwn: false, failed: false, ms: expect.any(Number) });
    expect(JSON.parse((await board.text(key, 8)).text)).toMatchObject({ params: { arguments: { message: "c" } } });
  });

  it("over Streamable HTTP, until it ends; what was kept can be read afterwards", async () => {
    const client = await StreamableClient.open(`${gateway.url}/other/mcp`, { headers: alice });
    const { key, pid } = await board.session("other");
    expect(gateway.children("other")).toEqual([pid]);
    using watch = await board.watch(key);
    await client.request("no/such/method");
    const failed = await watch.first<SeenMessage>("message", ({ from, kind }) => from === "server" && kind === "error");
    expect(failed).toMatchObject({ method: "no/such/method", failed: true });
    await client.delete();
    expect(await watch.first("closed")).toMatchObject({ reason: "client closed" });
    const ended = await board.ended("other");
    expect(ended).toMatchObject({
      key,
      reason: "client closed",
      principal: "basic:alice",
      transport: "streamable-http",
    });
    expect((await board.text(key, 1)).text).toContain('"initialize"');
    client.leave();
  });

  it("over REST, and of clients of MCP 2026-07-28, who have no session", async () => {
    await post(`${gateway.url}/api/echo/echo?sessionId=console-rest-1`, { message: "over REST" }, alice);
    const client = new v2.Client({ name: "m", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    const url = new URL(`${gateway.url}/huge`);
    await client.connect(new v2.StreamableHTTPClientTransport(url, { requestInit: { headers: alice } }));
    await client.callTool({ name: "echo", arguments: { message: "without a session" } });
    for (const [server, era, transport] of [
      ["echo", "legacy", "rest"],
      ["huge", "modern", "streamable-http"],
    ] as const) {
      const row = await board.session(server, (one) => one.transport === transport);
      expect(row).toMatchObject({ era, principal: "basic:alice" });
      using watch = await board.watch(row.key);
      await watch.first("backlog");
      expect(watch.messages().map(shape)).toEqual(expect.arrayContaining(CALL));
    }
    await client.close();
  });

  it("also what the gateway answers itself", async () => {
    await using client = await StreamableClient.open(`${gateway.url}/echo/mcp`, { headers: alice });
    const { key } = await board.session("echo", ({ transport }) => transport === "streamable-http");
    using watch = await board.watch(key);
    const exchange = await client.start("sleep", { ms: 60_000 });
    await watch.first<SeenMessage>("message", ({ tool }) => tool === "sleep");
    for (const pid of gateway.children("echo")) process.kill(pid, "SIGKILL");
    await exchange.over();
    expect(await watch.first<SeenMessage>("message", ({ isOwn }) => isOwn)).toMatchObject({
      from: "server",
      kind: "error",
      method: "tools/call",
      tool: "sleep",
    });
  });
});

describe("the text of a message", () => {
  it("has no secrets, however they are spelled and wherever they stand", async () => {
    await using client = await openSession(`${gateway.url}/echo`, alice);
    const spelled = `"${SECRET.replace("/", "\\/")}"`;
    const line = `{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"env","arguments":{"plain":${spelled},"password":{"deep":"in-an-object"},"token":123456,"${SECRET}":"a key","inner":"{\\"apiKey\\":{\\"x\\":\\"inside-a-string\\"}}"}}}`;
    await client.send(line);
    await client.response(77);
    const { key } = await board.session("echo", ({ transport }) => transport === "sse");
    using watch = await board.watch(key);
    await watch.first("backlog");
    const asked = watch.messages().find(({ id, from }) => id === "77" && from === "client");
    const { text } = await board.text(key, asked?.n ?? 0);
    for (const secret of [SECRET, "s3cret", "in-an-object", "123456", "inside-a-string"])
      expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({ method: "tools/call", params: { name: "env" } });
    const answer = watch.messages().find(({ id, from }) => id === "77" && from === "server");
    expect((await board.text(key, answer?.n ?? 0)).text).not.toContain(SECRET);
  });

  it("of 16 MiB is kept in part, and the gateway keeps no more", async () => {
    await using client = await openSession(`${gateway.url}/huge`, alice);
    const residentBytes = async (): Promise<number> => (await board.state()).gateway.residentBytes;
    const before = await residentBytes();
    for (let round = 0; round < 8; round++) await client.call("big", { bytes: 16 * 1024 * 1024 });
    const { key } = await board.session("huge", ({ transport }) => transport === "sse");
    using watch = await board.watch(key);
    await watch.first("backlog");
    const answers = watch.messages().filter(({ bytes }) => bytes > 16 * 1024 * 1024);
    expect(answers).toHaveLength(8);
    const { text, isCut } = await board.text(key, answers[0]?.n ?? 0);
    expect({ isCut, length: text.length }).toEqual({ isCut: true, length: 64 * 1024 });
    // The client of this test has them all, the gateway must not.
    await until(async () => (await residentBytes()) < before + 100 * 1024 * 1024, {
      what: "the gateway has let the long messages go",
      deadlineMs: 20_000,
    });
  });
});

describe("who watches", () => {
  it("and never reads costs no memory, and is told what was missed", async () => {
    await using client = await openSession(`${gateway.url}/echo`, alice);
    const { key } = await board.session("echo", ({ transport }) => transport === "sse");
    using idle = await board.watch(key, false);
    for (let round = 0; round < 60; round++)
      await Promise.all(Array.from({ length: 50 }, () => client.call("echo", { message: `${round}` })));
    idle.exchange.read();
    await idle.first("state");
    const last = await until(async () => idle.messages().at(-1)?.n === 6_003, {
      what: "the last message is told",
      deadlineMs: 20_000,
    });
    expect(last).toBe(true);
    expect(
      idle.all<{ missed: number }>("gap").reduce((sum, { missed }) => sum + missed, 0) + idle.messages().length,
    ).toBe(6_003);
  });

  it("is one of fifty at most", async () => {
    const watches = await Promise.all(Array.from({ length: 50 }, () => board.watch()));
    expect(watches.map(({ exchange }) => exchange.status)).toEqual(Array.from({ length: 50 }, () => 200));
    const one = await board.watch();
    expect(one.exchange).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    for (const watch of watches) watch[Symbol.dispose]();
    await until(
      async () => {
        using watch = await board.watch();
        return watch.exchange.status === 200;
      },
      { what: "there is room again" },
    );
  });
});

describe("an action", () => {
  const PATHS = ["sessions/x/end", "servers/echo/stop", "servers/echo/tools", "servers/echo/again"];

  it.each(PATHS)("is refused without the token of the page, or from elsewhere: %s", async (path) => {
    const url = `${gateway.url}/console/api/${path}`;
    const token = { "x-console-token": await board.token() };
    const others = { "x-console-token": await new ConsoleClient(gateway.url, basic("bob")).token() };
    const body = JSON.stringify({ tool: "echo", arguments: {} });
    const json = { "content-type": "application/json" };
    for (const headers of [json, { ...json, ...others }, { ...json, "x-console-token": "" }])
      expect(await ask(url, { method: "POST", body, headers: { ...alice, ...headers } })).toMatchObject({
        status: 403,
      });
    expect(await ask(`${gateway.url}/console/api/events`, { method: "HEAD", headers: alice })).toMatchObject({
      status: 405,
    });
    for (const site of ["cross-site", "same-site"]) {
      const headers = { ...alice, ...json, ...token, "sec-fetch-site": site };
      expect(await ask(url, { method: "POST", body, headers })).toMatchObject({ status: 403 });
    }
    const form = { ...alice, ...token, "content-type": "text/plain" };
    expect((await ask(url, { method: "POST", body, headers: form })).status).toBeGreaterThanOrEqual(404);
    expect(await ask(url, { method: "GET", headers: alice })).toMatchObject({
      status: 405,
      headers: { allow: "POST" },
    });
    expect(await ask(url, { method: "POST", body, headers: { ...json, ...token } })).toMatchObject({ status: 401 });
  });

  it("ends a session and its process", async () => {
    await using client = await openSession(`${gateway.url}/other`, alice);
    const { key, pid = 0 } = await board.session("other", ({ transport }) => transport === "sse");
    expect(gateway.children("other")).toContain(pid);
    expect(await board.post(`sessions/${key}/end`)).toMatchObject({ status: 204 });
    expect(gateway.children("other")).not.toContain(pid);
    await client.untilEnded();
    expect(await board.ended("other")).toMatchObject({ key, reason: "ended by operator" });
    expect(await board.post(`sessions/${key}/end`)).toMatchObject({ status: 404 });
    expect(await board.post(`sessions/nobody-knows-it/end`)).toMatchObject({ status: 404 });
  });

  it("stops a server: its sessions hibernate, and go on", async () => {
    await using client = await StreamableClient.open(`${gateway.url}/echo/mcp`, { headers: alice });
    const before = await client.call("pid");
    expect(await board.post("servers/echo/stop")).toMatchObject({ status: 204 });
    expect(gateway.children("echo")).toEqual([]);
    expect(await board.session("echo", ({ transport }) => transport === "streamable-http")).not.toHaveProperty("pid");
    expect(await client.call("pid")).not.toBe(before);
  });

  it("stops processes that wait for a session, too; others take their place", async () => {
    const [pid] = await until(() => gateway.children("kept").length === 1 && gateway.children("kept"), {
      what: "a process is warm",
    });
    expect(await board.post("servers/kept/stop")).toMatchObject({ status: 204 });
    expect(gateway.children("kept")).not.toContain(pid);
    await until(() => gateway.children("kept").length === 1, { what: "another one is warm" });
  });

  it("is logged with the name of who did it", async () => {
    await board.post("servers/kept/tools");
    expect(gateway.log()).toContain('basic:alice in the console: lists the tools of "kept"');
  });

  it("lists the tools of a server", async () => {
    const { status, body } = await board.post("servers/echo/tools");
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: "add" })]),
    });
    expect(await board.post("servers/nothing/tools")).toMatchObject({ status: 404 });
  });

  it("calls a tool again in a process of its own", async () => {
    await using client = await StreamableClient.open(`${gateway.url}/echo/mcp`, { headers: alice });
    const pid = await client.call("pid");
    const { text, isError, ms } = await board.again("echo", "echo", { message: "edited" });
    expect({ isError, result: (JSON.parse(text) as { result: unknown }).result }).toEqual({
      isError: false,
      result: expect.objectContaining({ content: [{ type: "text", text: "edited" }] }),
    });
    expect(ms).toBeGreaterThan(0);
    expect((await board.again("echo", "pid", {})).text).not.toContain(`"${pid}"`);
    expect(await board.again("echo", "no-such-tool", {})).toMatchObject({ isError: true });
    expect((await board.again("echo", "env", {})).text).not.toContain(SECRET);
    const long = await board.again("echo", "big", { bytes: 5 * 1024 * 1024 });
    expect(long).toMatchObject({ isCut: true });
    for (const body of [{}, { tool: 5 }, { tool: "echo", arguments: [] }])
      expect(await board.post("servers/echo/again", body)).toMatchObject({ status: 400 });
  });

  it("leaves no process behind when its caller does", async () => {
    await board.post("servers/huge/stop");
    const body = JSON.stringify({ tool: "sleep", arguments: { ms: 60_000 } });
    const headers = [
      "POST /console/api/servers/huge/again HTTP/1.1",
      `Host: 127.0.0.1:${gateway.port}`,
      `Authorization: ${alice.authorization}`,
      "Content-Type: application/json",
      `X-Console-Token: ${await board.token()}`,
      `Content-Length: ${body.length}`,
    ];
    const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
    socket.write(`${headers.join("\r\n")}\r\n\r\n${body}`);
    await until(() => gateway.children("huge").length > 0, { what: "the call runs" });
    socket.destroy();
    await until(() => gateway.children("huge").length === 0, { what: "its process is gone", deadlineMs: 10_000 });
    expect(await board.ended("huge")).toMatchObject({ transport: "rest", reason: "client closed" });
  });
});

it("the state names servers, sessions and what they use", async () => {
  await using client = await StreamableClient.open(`${gateway.url}/other/mcp`, { headers: alice });
  const state = await until(
    async () => {
      const now = await board.state();
      return now.servers.some(({ name, residentBytes }) => name === "other" && residentBytes > 0) ? now : undefined;
    },
    { what: "the memory of a process is known" },
  );
  expect(state).toMatchObject({ records: true, notListed: 0, gateway: { residentBytes: expect.any(Number) } });
  expect(state.servers.map(({ name }) => name)).toEqual(["echo", "other", "huge", "kept"]);
  expect(await board.history()).toMatchObject({ everyMs: 10_000, points: expect.any(Array) });
  expect(JSON.stringify(state)).not.toContain(client.sessionId);
});
