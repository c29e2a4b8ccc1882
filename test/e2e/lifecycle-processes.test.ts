import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { descendantsOf, isAlive } from "../helpers/children.ts";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { refusal } from "../helpers/http.ts";
import { openSession, openSse, type SseClient, textOf } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

/** EOF 2 s, SIGTERM 3 s, SIGKILL, then the reaper's walk over /proc. */
const ENDED = { deadlineMs: 7_000, what: "every child, grandchild and daemon is gone" };
/** The same, after the reaper has noticed that the gateway has exited. */
const REAPED = { ...ENDED, deadlineMs: 12_000 };

const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-lifecycle-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** One session with each kind of child that is hard to end. */
async function startFamily(
  name: string,
  limits: object = {},
): Promise<{
  readonly gateway: GatewayProcess;
  readonly clients: readonly SseClient[];
  /** Of children, grandchildren and daemons. */
  readonly pids: readonly number[];
  readonly allGone: () => boolean;
  /** What ended the graceful child. */
  readonly farewell: () => string;
}> {
  const gracefulFile = join(folder, name);
  const gateway = await startGateway({
    limits,
    servers: {
      deaf: fixture("ignores-sigterm"),
      parent: fixture("forks-a-grandchild"),
      setsid: fixture("setsid-grandchild"),
      daemon: fixture("daemonizes"),
      graceful: fixture("graceful", { env: { GRACEFUL_FILE: gracefulFile } }),
    },
  });
  const clients = await Promise.all(
    ["deaf", "parent", "setsid", "daemon", "graceful"].map((server) => openSession(`${gateway.url}/${server}`)),
  );
  const tools = ["pid", "pids", "pids", "pids", "pid"];
  const told = await Promise.all(clients.map((client, n) => client.call(tools[n] ?? "")));
  const pids = told.flatMap((text) => JSON.parse(text) as number | number[]);
  return {
    gateway,
    clients,
    pids,
    allGone: () => !pids.some(isAlive) && gateway.children().length === 0,
    farewell: () => readFileSync(gracefulFile, "utf8"),
  };
}

// Concurrent, because most of the time is spent waiting for a child that only reacts to SIGKILL.
describe.concurrent("children that ignore signals, have grandchildren, left their group, became daemons, or need a second", () => {
  it("are all gone after their streams were closed, and the slow one was asked politely", async () => {
    const { clients, pids, allGone, farewell, ...family } = await startFamily("stream-close");
    await using gateway = family.gateway;
    expect(pids.filter(isAlive)).toHaveLength(8);
    for (const client of clients) client.close();
    await until(allGone, ENDED);
    expect(farewell()).toBe("eof");
    expect(await (await fetch(`${gateway.url}/ready`)).json()).toMatchObject({ status: "ready" });
  });

  it("are all gone after their sessions were idle for too long", async () => {
    const { clients, pids, allGone, farewell, ...family } = await startFamily("idle", { idle: "2s" });
    await using _gateway = family.gateway;
    expect(pids).toHaveLength(8);
    await until(allGone, { ...ENDED, deadlineMs: 12_000 });
    expect(farewell()).toBe("eof");
    // Their sessions are there for the next call.
    expect(clients.map((client) => client.ended())).toEqual(clients.map(() => undefined));
  });

  it("are all gone after the gateway got SIGTERM", async () => {
    const { clients, pids, allGone, farewell, ...family } = await startFamily("sigterm");
    await using gateway = family.gateway;
    expect(pids.filter(isAlive)).toHaveLength(8);
    expect(await gateway.stop("SIGTERM")).toBe(0);
    await until(allGone, ENDED);
    expect(farewell()).toBe("eof");
    expect(clients.map((client) => client.ended())).toEqual(clients.map(() => "cleanly"));
  });

  it("are all gone after the gateway got SIGKILL", async () => {
    const { pids, allGone, farewell, ...family } = await startFamily("sigkill");
    await using gateway = family.gateway;
    expect(pids.filter(isAlive)).toHaveLength(8);
    expect(await gateway.stop("SIGKILL")).toBeNull();
    await until(allGone, REAPED);
    expect(farewell()).toBe("eof");
    await gateway.nothingLeft();
  });

  it("are all gone after the gateway got SIGKILL in the middle of their ends", async () => {
    const { clients, pids, allGone, ...family } = await startFamily("sigkill-while-ending");
    await using gateway = family.gateway;
    expect(pids.filter(isAlive)).toHaveLength(8);
    for (const client of clients) client.close();
    // The quick ones have exited; the deaf one is still being shut down.
    await until(() => gateway.children("parent").length === 0, ENDED);
    expect(gateway.children("deaf")).toHaveLength(1);
    await gateway.stop("SIGKILL");
    await until(allGone, REAPED);
  });

  it("are all gone although the reaper was killed first, because a new one took its place", async () => {
    const { pids, allGone, ...family } = await startFamily("reaper-killed");
    await using gateway = family.gateway;
    expect(pids.filter(isAlive)).toHaveLength(8);
    const old = reaperOf(gateway);
    process.kill(old ?? Number.NaN, "SIGKILL");
    await until(() => ![undefined, old].includes(reaperOf(gateway)), { what: "there is a new reaper" });
    await gateway.stop("SIGKILL");
    await until(allGone, REAPED);
  });
});

const reaperOf = ({ pid }: GatewayProcess): number | undefined =>
  descendantsOf(pid).find((one) => readFileSync(`/proc/${one}/cmdline`, "utf8").includes("reaper-main"));

describe.concurrent("an idle session", () => {
  it("loses its process after limits.idle: the stream stays, and the next call has another one", async () => {
    await using gateway = await startGateway({ limits: { idle: "1s" }, servers: { echo: fixture("echo") } });
    await using client = await openSession(`${gateway.url}/echo`);
    await until(() => gateway.children().length === 0, ENDED);
    expect(client.ended()).toBe(undefined);
    expect(await client.call("echo", { message: "awake" })).toBe("awake");
  });

  it("of a stateful server is ended after limits.idle: the stream ends, the id is unknown", async () => {
    const servers = { echo: fixture("echo", { stateful: true }) };
    await using gateway = await startGateway({ limits: { idle: "1s" }, servers });
    await using client = await openSession(`${gateway.url}/echo`);
    expect(await client.untilEnded()).toBe("cleanly");
    const late = await client.send({ jsonrpc: "2.0", id: 1, method: "ping" });
    expect(refusal(late)).toMatchObject({ status: 404, code: -32001 });
    await until(() => gateway.children().length === 0, ENDED);
  });

  it("is one in which nobody waits for an answer: a long call keeps it", async () => {
    await using gateway = await startGateway({
      limits: { idle: "1s" },
      servers: { commands: fixture("on-command") },
    });
    await using client = await openSession(`${gateway.url}/commands`);
    const hold = { name: "hold", arguments: { name: "a" } };
    await client.send({ jsonrpc: "2.0", id: "long", method: "tools/call", params: hold });
    await using _younger = await openSession(`${gateway.url}/commands`);
    await until(() => gateway.children().length === 2, { what: "both have a process" });
    await until(() => gateway.children().length === 1, ENDED);
    await client.notify("x/release", { name: "a" });
    expect(textOf(await client.response("long"))).toBe("released a");
    await until(() => gateway.children().length === 0, ENDED);
  });

  it("that never spoke has no process, and keeps its stream", async () => {
    await using gateway = await startGateway({ limits: { idle: "1s" }, servers: { echo: fixture("echo") } });
    await using client = await openSse(`${gateway.url}/echo`);
    await using _other = await openSession(`${gateway.url}/echo`);
    await until(() => gateway.children().length === 0, ENDED);
    expect(client.ended()).toBe(undefined);
    await client.initialize();
    expect(await client.call("echo", { message: "hello" })).toBe("hello");
  });
});

describe.concurrent("a child", () => {
  const secrets = {
    AWS_SECRET_ACCESS_KEY: "secret-of-the-gateway-1",
    MCP_GATEWAY_TOKEN: "secret-of-the-gateway-2",
    NODE_OPTIONS: "--no-warnings",
    FOR_THE_CHILD: "passed-by-name",
  };
  const args = ["$(id)", "; echo x", "a b", "*", "--", ""];
  const start = (): Promise<GatewayProcess> =>
    startGateway(
      {
        servers: {
          plain: fixture("echo", { env: { OWN: "own", PASSED: "${FOR_THE_CHILD}", LANG: "xx_XX" } }),
          inherits: fixture("echo", { inheritEnv: true, env: { OWN: "own" } }),
          elsewhere: fixture("echo", { path: folder }),
          argued: { ...fixture("echo"), args: [...(fixture("echo")["args"] as string[]), ...args] },
        },
      },
      { env: secrets },
    );

  it("gets a short list of variables and its own env, no secret of the gateway; with inheritEnv all of them", async () => {
    await using gateway = await start();
    await using plain = await openSession(`${gateway.url}/plain`);
    const env = JSON.parse(await plain.call("env")) as Record<string, string>;
    expect(env).toMatchObject({ OWN: "own", PASSED: "passed-by-name", LANG: "xx_XX", PATH: process.env["PATH"] });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(Object.keys(secrets)));
    for (const name of Object.keys(secrets)) expect(env).not.toHaveProperty(name);

    await using inherits = await openSession(`${gateway.url}/inherits`);
    expect(JSON.parse(await inherits.call("env"))).toMatchObject({ ...secrets, OWN: "own" });
  });

  it("runs in `path`, and in the gateway's directory without one", async () => {
    await using gateway = await start();
    await using elsewhere = await openSession(`${gateway.url}/elsewhere`);
    expect(await elsewhere.call("cwd")).toBe(realpathSync(folder));
    await using plain = await openSession(`${gateway.url}/plain`);
    expect(await plain.call("cwd")).toBe(join(import.meta.dirname, "../.."));
  });

  it("gets its arguments as they are: there is no shell", async () => {
    await using gateway = await start();
    await using client = await openSession(`${gateway.url}/argued`);
    expect(JSON.parse(await client.call("args"))).toEqual(args);
  });
});
