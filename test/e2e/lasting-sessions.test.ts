import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { afterEach, describe, expect, test } from "vitest";
import { fixture, realServer, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { freePort } from "../helpers/gateway-with-stderr.ts";
import { connectSdk, textIn } from "../helpers/sdk-client.ts";
import { openSession, openSse } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// A session outlives its process, and the gateway's process.

const gateways: GatewayProcess[] = [];

async function started(config: Parameters<typeof startGateway>[0]): Promise<GatewayProcess> {
  const gateway = await startGateway(config);
  gateways.push(gateway);
  return gateway;
}

/** Ends the gateway with the signal and starts it again. */
async function restarted(
  gateway: GatewayProcess,
  signal: NodeJS.Signals,
  change?: (config: string) => string,
): Promise<GatewayProcess> {
  await gateway.stop(signal);
  await gateway.nothingLeft();
  const next = await gateway.again(change);
  gateways.push(next);
  return next;
}

/** Kills the processes of a server and waits until the gateway has noticed. */
async function killed(gateway: GatewayProcess, server: string): Promise<void> {
  for (const pid of gateway.children(server)) process.kill(pid, "SIGKILL");
  await until(() => gateway.log().includes(`"${server}" ended (signal`), { what: "the end is in the log" });
}

/** The stored session records, once there are some. */
const kept = (gateway: GatewayProcess): Promise<string> =>
  until(
    () => {
      const folder = /Sessions are kept in (\S+)/.exec(gateway.log())?.[1] ?? "";
      const file = join(folder, "sessions.jsonl");
      return existsSync(file) && readFileSync(file, "utf8").includes("initialize") ? folder : undefined;
    },
    { what: "the session is kept" },
  );

afterEach(async () => {
  // In reverse order, because restarted gateways use the folder of the first one.
  for (const gateway of gateways.splice(0).toReversed()) await gateway[Symbol.asyncDispose]();
});

const SERVERS = {
  counter: fixture("counter"),
  everything: realServer("server-everything"),
  dies: fixture("dies-mid-call"),
  strict: fixture("insists-on-initialize"),
};

describe("an SDK client goes on with its next call", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)("after %s and a restart, on Streamable HTTP", async (signal) => {
    const gateway = await started({ port: await freePort(), servers: SERVERS });
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/everything/mcp`)));
    await client.listTools();
    await client.setLoggingLevel("debug");
    await kept(gateway);
    await restarted(gateway, signal);
    expect(textIn(await client.callTool({ name: "echo", arguments: { message: "again" } }))).toContain("again");
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)("after %s and a restart, on HTTP+SSE", async (signal) => {
    const gateway = await started({ port: await freePort(), servers: SERVERS });
    await using client = await connectSdk(new SSEClientTransport(new URL(`${gateway.url}/strict/sse`)));
    await client.listTools();
    await kept(gateway);
    await restarted(gateway, signal);
    const answer = await until(() => client.callTool({ name: "ping" }).catch(() => undefined), {
      deadlineMs: 20_000,
      what: "the client has opened its stream again",
    });
    expect(textIn(answer)).toBe("pong");
  });

  test("after its process was killed", async () => {
    const gateway = await started({ servers: SERVERS });
    await using client = await connectSdk(new StreamableHTTPClientTransport(new URL(`${gateway.url}/counter/mcp`)));
    expect(textIn(await client.callTool({ name: "next" }))).toBe("1");
    await killed(gateway, "counter");
    expect(textIn(await client.callTool({ name: "next" }))).toBe("1");
  });

  test("after its process was ended, as it said nothing", async () => {
    const gateway = await started({ limits: { orphan: "200ms" }, servers: SERVERS });
    await using client = await StreamableClient.open(`${gateway.url}/counter/mcp`);
    expect(await client.call("next")).toBe("1");
    await until(() => gateway.children("counter").length === 0, { what: "the process is ended" });
    expect(await client.call("next")).toBe("1");
  });
});

test("a call that waits when the process dies fails, and the session goes on", async () => {
  const gateway = await started({ servers: SERVERS });
  await using client = await StreamableClient.open(`${gateway.url}/dies/mcp`);
  const id = client.nextId();
  const exchange = await client.post({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "die" } });
  expect((await exchange.answer(id)).error?.data).toMatchObject({ reason: "process_exited" });
  expect((await (await client.post({ jsonrpc: "2.0", id: 77, method: "tools/list" })).answer(77)).result).toBeDefined();
});

test("a stream that is open hears that the server came back as another one", async () => {
  const gateway = await started({ servers: { changing: fixture("changes-its-version") } });
  await using client = await StreamableClient.open(`${gateway.url}/changing/mcp`);
  const stream = await client.get();
  await killed(gateway, "changing");
  await client.call("ping");
  await stream.message(({ method }) => method === "notifications/tools/list_changed", "the change is told");
  expect(stream.isOver).toBe(false);
});

test("thirty-five clients that never say goodbye leave no process", async () => {
  const gateway = await started({ limits: { orphan: "300ms" }, servers: SERVERS });
  for (let count = 0; count < 35; count++) {
    const client = await StreamableClient.open(`${gateway.url}/counter/mcp`);
    await client.call("next");
    client.leave();
  }
  const isEmpty = (): boolean => gateway.children("counter").length === 0;
  await until(isEmpty, { deadlineMs: 20_000, what: "no process is left" });
  expect(isEmpty()).toBe(true);
});

test("a stateful server's session ends with its process: an honest 404", async () => {
  const gateway = await started({ servers: { counter: fixture("counter", { stateful: true }) } });
  await using client = await StreamableClient.open(`${gateway.url}/counter/mcp`);
  expect(await client.call("next")).toBe("1");
  await killed(gateway, "counter");
  const { status } = await client.post({ jsonrpc: "2.0", id: 9, method: "tools/list" });
  expect(status).toBe(404);
});

test("a session whose entry was changed meanwhile is gone; another principal's never was", async () => {
  const state = mkdtempSync(join(tmpdir(), "mcp-gateway-state-"));
  try {
    const port = await freePort();
    const auth = {
      basic: {
        enabled: true,
        credentials: [
          { username: "ann", password: "one" },
          { username: "bob", password: "two" },
        ],
      },
    };
    const gateway = await started({ port, auth, state: { dir: state }, servers: SERVERS });
    const as = (user: string) => ({ authorization: `Basic ${Buffer.from(user).toString("base64")}` });
    await using ann = await StreamableClient.open(`${gateway.url}/counter/mcp`, { headers: as("ann:one") });
    const again = await restarted(gateway, "SIGTERM");
    const bob = new StreamableClient(`${gateway.url}/counter/mcp`, as("bob:two"));
    bob.sessionId = ann.sessionId;
    expect((await bob.post({ jsonrpc: "2.0", id: 9, method: "tools/list" })).status).toBe(404);
    expect(await ann.call("next")).toBe("1");
    bob.leave();
    await restarted(again, "SIGTERM", (config) => config.replaceAll("counter.mjs", "echo.mjs"));
    expect((await ann.post({ jsonrpc: "2.0", id: 9, method: "tools/list" })).status).toBe(404);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

test("what is kept is its owner's to read, and holds neither session id nor principal nor credential", async () => {
  const state = mkdtempSync(join(tmpdir(), "mcp-gateway-state-"));
  try {
    const gateway = await started({
      state: { dir: state },
      auth: { bearer: { enabled: true, tokens: ["token-of-ann-0123456789"] } },
      servers: SERVERS,
    });
    await using client = await StreamableClient.open(`${gateway.url}/counter/mcp`, {
      headers: { authorization: "Bearer token-of-ann-0123456789" },
    });
    await client.call("next");
    const folder = await kept(gateway);
    const text = readFileSync(join(folder, "sessions.jsonl"), "utf8");
    expect(text).toContain('\\"method\\":\\"initialize\\"');
    for (const secret of [client.sessionId ?? "?", "token-of-ann", "bearer:", "next"])
      expect(text).not.toContain(secret);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

test("a folder that cannot be written is said, and sessions are kept in memory", async () => {
  const gateway = await started({ state: { dir: "/proc/nowhere" }, servers: SERVERS });
  expect(gateway.log()).toContain("Sessions are kept in memory: they do not survive a restart, because /proc/nowhere");
});

test("a new HTTP+SSE stream of a client that does not initialize again is greeted in its place", async () => {
  const gateway = await started({ servers: SERVERS });
  const first = await openSession(`${gateway.url}/strict/sse`);
  expect(await first.call("ping")).toBe("pong");
  first.close();
  await using second = await openSse(`${gateway.url}/strict/sse`);
  expect(await second.call("ping")).toBe("pong");
});

test("streams that a client comes back to after a restart do not end each other", async () => {
  const gateway = await started({ port: await freePort(), servers: { commands: fixture("on-command") } });
  await using client = await StreamableClient.open(`${gateway.url}/commands/mcp`);
  const get = await client.get();
  const post = await client.start("hold", { name: "a" });
  await until(() => get.ids.length > 0 && post.ids.length > 0, { what: "both have an event id" });
  await kept(gateway);
  await restarted(gateway, "SIGKILL");
  const again = await client.get({ "Last-Event-ID": get.ids.at(-1) });
  const lost = await client.get({ "Last-Event-ID": post.ids.at(-1) });
  await client.notify("x/say", { text: "wakes nobody" });
  expect(await client.call("echo", { message: "awake" })).toBe("awake");
  await client.notify("x/send", { method: "notifications/tools/list_changed" });
  await again.message(({ method }) => method === "notifications/tools/list_changed", "the GET stream hears it");
  expect([again.isOver, lost.isOver, lost.messages]).toEqual([false, false, []]);
});
