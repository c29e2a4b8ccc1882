import { readFileSync } from "node:fs";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../helpers/children.ts";
import { descriptorsOf, fixture, memoryOf, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { connectSdk, textIn, type SdkClient } from "../helpers/sdk-client.ts";
import { StreamableClient, textOf, type Exchange, type Headers, type JsonRpc } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// The lifetime of sessions, calls and processes, and their limits: MCP 2025-11-25, transports.

const clients: StreamableClient[] = [];

function client(gateway: GatewayProcess, path: string, headers?: Headers): StreamableClient {
  const made = new StreamableClient(`${gateway.url}${path}`, headers);
  clients.push(made);
  return made;
}

async function opened(gateway: GatewayProcess, path: string, headers?: Headers): Promise<StreamableClient> {
  const made = client(gateway, path, headers);
  await made.initialize();
  return made;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one[Symbol.asyncDispose]()));
});

const LIST = { jsonrpc: "2.0", id: 7, method: "tools/list" };
const JSON_ONLY = { headers: { Accept: "application/json" } };

async function statusOf(exchange: Promise<Exchange>): Promise<unknown[]> {
  const { status, json } = await (await exchange).over();
  return [status, (json as JsonRpc).error?.code];
}

describe("a disconnect", () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({
      limits: { heartbeat: "100ms" },
      servers: { commands: fixture("on-command"), hangs: fixture("never-answers") },
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test("is no cancel: the call goes on, and its session answers", async () => {
    const one = await opened(gateway, "/commands/mcp");
    const pid = await one.call("pid");
    const post = await one.start("hold", { name: "a" });
    const get = await one.get();
    post.cut();
    get.cut();
    expect(await one.call("holding")).toBe('["a"]');
    await one.notify("x/release", { name: "a" });
    await until(async () => (await one.call("holding")) === "[]", { what: "the call has ended" });
    expect(await one.call("pid")).toBe(pid);
  });

  test("is not told to the server as a cancellation", async () => {
    const one = await opened(gateway, "/hangs/mcp");
    const post = await one.start("hang", {}, { id: "x" });
    post.cut();
    await post.over();
    for (const _time of ["first", "second"]) expect(await one.call("cancelled")).toBe("[]");
  });

  test("leaves the id of the lost call in use until it is answered", async () => {
    const one = await opened(gateway, "/commands/mcp");
    (await one.start("hold", { name: "a" }, { id: "a" })).cut();
    expect(await statusOf(one.start("hold", { name: "b" }, { id: "a" }))).toEqual([400, -32600]);
    await one.notify("x/release", { name: "a" });
    const again = await until(
      async () => {
        const exchange = await one.start("echo", { message: "again" }, { id: "a" });
        return exchange.status === 200 && exchange;
      },
      { what: "the id is free again" },
    );
    expect(textOf(await again.answer("a"))).toBe("again");
  });
});

describe("a cancellation", () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const servers = { commands: fixture("on-command"), hangs: fixture("never-answers") };
    gateway = await startGateway({ servers });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test.each([
    ["a stream", "text/event-stream"],
    ["JSON", "application/json"],
  ])("reaches the server, and ends the POST that waits for %s", async (_form, Accept) => {
    const one = await opened(gateway, "/hangs/mcp");
    const hanging = one.start("hang", {}, { id: "x", headers: { Accept } });
    await until(async () => (await one.call("cancelled")) === "[]", { what: "the server has read the call" });
    await one.notify("notifications/cancelled", { requestId: "x", reason: "changed my mind" });
    const exchange = await (await hanging).over("the POST is over");
    expect([exchange.isComplete, exchange.messages]).toEqual([true, []]);
    expect(await one.call("cancelled")).toBe('["x"]');
  });

  test("drops the answer that comes all the same", async () => {
    const one = await opened(gateway, "/commands/mcp");
    const get = await one.get();
    const held = await one.start("hold", { name: "a" }, { id: "a" });
    await one.notify("notifications/cancelled", { requestId: "a" });
    await held.over();
    await one.notify("x/release", { name: "a" });
    await until(async () => (await one.call("holding")) === "[]", { what: "the call has ended" });
    await one.notify("x/say", { text: "next" });
    await get.message(({ method }) => method === "notifications/message", "the next message is here");
    expect(get.messages).toHaveLength(1);
    expect(held.messages).toEqual([]);
  });

  test("of a request that nobody waits for changes nothing", async () => {
    const one = await opened(gateway, "/commands/mcp");
    for (const requestId of ["never asked", 0, null, {}, "__proto__"])
      await one.notify("notifications/cancelled", { requestId });
    expect(await one.call("echo", { message: "still here" })).toBe("still here");
  });
});

describe("limits.idle", () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({
      limits: { idle: "300ms" },
      servers: { commands: fixture("on-command"), stateful: fixture("on-command", { stateful: true }) },
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  /** Opens a session, leaves it idle, and waits for its end: then limits.idle has passed. */
  async function oneIdleTime(): Promise<void> {
    const one = await opened(gateway, "/commands/mcp");
    const pid = Number(await one.call("pid"));
    await until(() => !isAlive(pid), { what: "a session that nobody uses has ended" });
  }

  test("ends the process of a session in which nothing is said; its GET stream and its id stay", async () => {
    const one = await opened(gateway, "/commands/mcp");
    const get = await one.get();
    const pid = Number(await one.call("pid"));
    await until(() => !isAlive(pid), { what: "its process has ended" });
    expect(Number(await one.call("pid"))).not.toBe(pid);
    expect(get.isOver).toBe(false);
  });

  test("ends the whole session where the server is stateful", async () => {
    const one = await opened(gateway, "/stateful/mcp");
    const get = await one.get();
    const pid = Number(await one.call("pid"));
    await until(() => !isAlive(pid), { what: "its process has ended" });
    expect((await get.over()).isComplete).toBe(true);
    expect(await statusOf(one.post(LIST))).toEqual([404, -32001]);
  });

  test("does not end a session with work in flight, even when its client is gone", async () => {
    const one = await opened(gateway, "/commands/mcp");
    const pid = await one.call("pid");
    const waiting = await one.start("hold", { name: "a" }, { id: "a" });
    const other = await opened(gateway, "/commands/mcp");
    (await other.start("hold", { name: "lost" })).cut();
    for (const _time of ["once", "twice", "thrice"]) await oneIdleTime();
    expect(await other.call("holding")).toBe('["lost"]');
    await one.notify("x/release", { name: "a" });
    expect(textOf(await waiting.answer("a"))).toBe("released a");
    expect(await one.call("pid")).toBe(pid);
  });

  test("makes the SDK client's next call to a stateful server fail with 404, and a new connect works", async () => {
    const connect = (): Promise<SdkClient> =>
      connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/stateful/mcp`)));
    const pidOf = async (sdk: SdkClient): Promise<number> => Number(textIn(await sdk.callTool({ name: "pid" })));

    await using first = await connect();
    const pid = await pidOf(first);
    await until(() => !isAlive(pid), { what: "its session has ended" });
    await expect(first.listTools()).rejects.toMatchObject({ code: 404 });
    await using second = await connect();
    expect(await pidOf(second)).not.toBe(pid);
  });
});

describe("a server process", () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({
      limits: { crashLoop: 0, start: "1s" },
      servers: {
        dies: fixture("dies-mid-call"),
        "exits-on-init": fixture("exits-on-init"),
        "exits-at-once": fixture("exits-at-once"),
        "never-initializes": fixture("never-initializes"),
        "refuses-init": fixture("refuses-init"),
        missing: { command: "no-such-program-anywhere" },
      },
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test.each([
    ["by exit code 1", "die", { exitCode: 1, signal: null }],
    ["by a signal", "kill", { exitCode: null, signal: "SIGKILL" }],
    ["in the middle of a line", "half", { exitCode: 0, signal: null }],
  ])("that ends %s fails all calls in flight at once, and says how; the next one works", async (_how, tool, data) => {
    const one = await opened(gateway, "/dies/mcp");
    const get = await one.get();
    const ids = Array.from({ length: 10 }, (_, index) => `call ${index}`);
    const streams = await Promise.all(ids.map((id) => one.start("hang", {}, { id })));
    const json = one.start("hang", {}, { id: "as JSON", ...JSON_ONLY });
    const fatal = await one.start(tool, {}, { id: "fatal" });

    const answers = await Promise.all([
      ...streams.map((stream, index) => stream.answer(`call ${index}`)),
      (await json).answer("as JSON"),
      fatal.answer("fatal"),
    ]);
    for (const answer of answers) {
      expect(answer.error).toMatchObject({ code: -32603, data: { reason: "process_exited", ...data } });
    }
    for (const stream of [...streams, fatal]) expect((await stream.over()).isComplete).toBe(true);
    expect(get.isOver).toBe(false);
    expect(await one.call("echo", { message: "anew" })).toBe("anew");
  });

  test.each([
    ["exits-on-init", { reason: "process_exited", exitCode: 1, signal: null }],
    ["exits-at-once", { reason: "process_exited", exitCode: 3, signal: null }],
    ["missing", { reason: "spawn_failed", hint: '"no-such-program-anywhere" was not found on PATH' }],
    ["never-initializes", { reason: "start_timeout" }],
  ])("that does not begin (%s) leaves neither process nor session, and initialize says why", async (name, data) => {
    const one = client(gateway, `/${name}/mcp`);
    const init = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } };
    const exchange = await one.request("initialize", init, { id: "init" });
    const { error } = await exchange.answer("init");
    expect(error).toMatchObject({ code: -32603, data });
    await exchange.over();
    await until(() => gateway.children(name).length === 0, { what: "no process is left" });
    one.sessionId = String(exchange.headers["mcp-session-id"]);
    expect(await statusOf(one.post(LIST))).toEqual([404, -32001]);
  });

  test("that refuses to begin is ended, and its own error is the answer", async () => {
    const one = client(gateway, "/refuses-init/mcp");
    await expect(one.initialize()).rejects.toThrow("Unsupported protocol version");
    await until(() => gateway.children("refuses-init").length === 0, { what: "no process is left" });
  });
});

describe("isolation", () => {
  const AUTH = { bearer: { tokens: ["token-of-alice", "token-of-bob"] } };
  const alice = { Authorization: "Bearer token-of-alice" };
  const bob = { Authorization: "Bearer token-of-bob" };
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const servers = { counter: fixture("counter"), echo: fixture("echo"), commands: fixture("on-command") };
    gateway = await startGateway({ auth: AUTH, servers });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  test("keeps 20 clients apart that all use the same ids, for three rounds", async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => opened(gateway, "/counter/mcp", alice)));
    for (const round of ["1", "2", "3"]) {
      const counts = await Promise.all(
        many.map(async (one) => textOf(await (await one.start("next", {}, { id: round })).answer(round))),
      );
      expect(counts).toEqual(many.map(() => round));
    }
    const pids = await Promise.all(many.map((one) => one.call("whoami")));
    expect(new Set(pids).size).toBe(20);
  });

  test("keeps 30 parallel calls of one session apart, whatever the form and the order of their answers", async () => {
    const one = await opened(gateway, "/echo/mcp", alice);
    const forms = ["application/json", "text/event-stream", "application/json, text/event-stream"];
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const id = index % 2 === 0 ? index + 100 : `call ${index}`;
        const headers = { Accept: forms[index % 3] };
        const exchange = await one.start("sleep", { ms: 150 - index * 5 }, { id, headers });
        const answer = await exchange.answer(id);
        expect((await exchange.over()).messages).toEqual([answer]);
        return textOf(answer);
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `slept ${150 - index * 5} ms`));
  });

  test("answers somebody else's session id like one that never was, and the session goes on", async () => {
    const hers = await opened(gateway, "/commands/mcp", alice);
    const stream = await hers.get();
    const his = client(gateway, "/commands/mcp", bob);
    const unknown = client(gateway, "/commands/mcp", bob);
    his.sessionId = hers.sessionId;
    unknown.sessionId = "V1StGXR8_Z5jdHi6B-myT";
    for (const one of [his, unknown]) {
      const say = { jsonrpc: "2.0", method: "x/say", params: { text: "his" } };
      const exchanges = [await one.post(LIST), await one.post(say), await one.get(), await one.delete()];
      const answers = await Promise.all(exchanges.map(async (exchange) => (await exchange.over()).text));
      expect(exchanges.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
      const message = "No such session; it may have ended. Initialize a new one.";
      const error = { code: -32001, message, data: { reason: "session_not_found", requestId: expect.any(String) } };
      expect(answers.map((text) => JSON.parse(text) as unknown)).toEqual(
        [7, null, null, null].map((id) => ({ jsonrpc: "2.0", id, error })),
      );
    }
    await hers.notify("x/say", { text: "hers" });
    const heard = await stream.message(({ method }) => method === "notifications/message", "her stream lives");
    expect(heard.params).toMatchObject({ data: { n: 1, text: "hers" } });
    expect((await client(gateway, "/commands/mcp").post(LIST)).status).toBe(401);
  });
});

describe("a client that stops reading", () => {
  const MiB = 1024 * 1024;
  const FLOOD = { count: 96 * 1024, bytes: 1024 };
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({
      limits: { heartbeat: "100ms", stall: "2s", streamBytes: "256KiB", request: "5m", sessions: 20 },
      servers: { commands: fixture("on-command"), floods: fixture("floods-stdout"), echo: fixture("echo") },
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const written = (pid: number): number => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);

  /** Waits until a process that has begun to write is blocked; returns how much it has written. */
  async function blocked(pid: number): Promise<number> {
    let before = 0;
    let quiet = 0;
    await until(
      () => {
        const now = written(pid);
        quiet = now === before && now > 256 * 1024 ? quiet + 1 : 0;
        before = now;
        return quiet >= 10;
      },
      { what: "the server waits for its reader" },
    );
    return before;
  }

  test.each([
    ["the GET stream", "/commands/mcp"],
    ["the stream of a call", "/floods/mcp"],
  ])(
    "of %s makes its server wait, and is cut after limits.stall, while a neighbour is answered",
    async (_what, path) => {
      const neighbour = await opened(gateway, "/echo/mcp");
      const one = await opened(gateway, path);
      const sessionProcess = await pidOf(one, path);
      const { rssMiB } = memoryOf(gateway.pid);

      const stream = path.startsWith("/commands") ? await floodOfGet(one) : await floodOfPost(one);
      expect(await blocked(sessionProcess)).toBeLessThan(16 * MiB);
      expect(await neighbour.call("echo", { message: "from next door" })).toBe("from next door");
      expect(memoryOf(gateway.pid).rssMiB - rssMiB).toBeLessThan(64);

      // Once the stream is cut, the server is resumed and writes the rest.
      await until(() => written(sessionProcess) > FLOOD.count * FLOOD.bytes, { deadlineMs: 30_000, what: "it is cut" });
      expect(await one.call("echo", { message: "alive" }, JSON_ONLY)).toBe("alive");
      expect(memoryOf(gateway.pid).peakMiB - rssMiB).toBeLessThan(96);
      stream.read();
      await stream.over();
      expect(stream.isComplete).toBe(false);
      expect(stream.bytes).toBeLessThan(16 * MiB);
    },
  );

  test("for less than limits.stall gets everything, in order", async () => {
    const one = await opened(gateway, "/floods/mcp");
    const stream = await one.start("flood", { count: 20_000, bytes: 1024 }, { id: "flood", reads: false });
    await blocked(await pidOf(one, "/floods/mcp"));
    stream.read();
    const answer = await until(() => stream.messages.find(({ id }) => id === "flood"), {
      deadlineMs: 30_000,
      what: "the call is answered",
    });
    expect(textOf(answer)).toBe("20000 sent");
    const numbers = stream.messages.flatMap(({ params }) => (params?.["data"] as { n: number } | undefined)?.n ?? []);
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    expect((await stream.over()).isComplete).toBe(true);
  });

  test("before its JSON answers is cut after limits.stall too, so that they do not stay in memory", async () => {
    const one = await opened(gateway, "/echo/mcp");
    await one.call("echo", { message: "warm" });
    const before = descriptorsOf(gateway.pid);
    const exchanges = await Promise.all(
      Array.from({ length: 12 }, () => one.start("big", { bytes: 8 * MiB }, { ...JSON_ONLY, reads: false })),
    );
    await until(() => descriptorsOf(gateway.pid) <= before, { deadlineMs: 10_000, what: "the connections are cut" });
    for (const exchange of exchanges) {
      exchange.read();
      expect((await exchange.over()).isComplete).toBe(false);
    }
  });

  async function floodOfGet(one: StreamableClient): Promise<Exchange> {
    const stream = await one.get({}, { reads: false });
    await one.notify("x/say", { text: "flood", times: FLOOD.count, padding: FLOOD.bytes });
    return stream;
  }

  const floodOfPost = (one: StreamableClient): Promise<Exchange> => one.start("flood", FLOOD, { reads: false });

  async function pidOf(one: StreamableClient, path: string): Promise<number> {
    if (path === "/commands/mcp") return Number(await one.call("pid"));
    return until(() => gateway.children("floods").at(-1), { what: "the server runs" });
  }
});
