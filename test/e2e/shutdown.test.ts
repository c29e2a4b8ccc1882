import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { openSession, openSse, type SseClient, textOf } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const servers = {
  echo: fixture("echo"),
  commands: fixture("on-command"),
  deaf: fixture("ignores-sigterm"),
  hangs: fixture("never-answers"),
  starting: fixture("slow-start", { env: { START_MS: "60000" } }),
  floods: fixture("floods-stdout"),
};

const HANG = { jsonrpc: "2.0", id: "hang", method: "tools/call", params: { name: "hang" } };

/** Seven sessions: four idle ones, one that was never initialized, one with a hanging call, one with a deaf child. */
async function openSeven({ url }: GatewayProcess): Promise<{ all: readonly SseClient[]; hanging: SseClient }> {
  const [hanging, ...others] = await Promise.all([
    openSession(`${url}/hangs`),
    openSession(`${url}/deaf`),
    openSse(`${url}/echo`),
    ...[1, 2, 3, 4].map(() => openSession(`${url}/echo`)),
  ]);
  await hanging.send(HANG);
  return { all: [hanging, ...others], hanging };
}

const isShuttingDown = (gateway: GatewayProcess): Promise<true> =>
  until(() => gateway.log().includes("shutting down"), { what: "the gateway has heard the signal" });

// Concurrent, because ending a deaf child takes five seconds.
describe.concurrent("a signal to the gateway", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "(%s) ends every stream cleanly, answers what hangs, ends the children, and exits with 0",
    async (signal) => {
      await using gateway = await startGateway({ servers });
      const { all, hanging } = await openSeven(gateway);
      expect(gateway.children()).toHaveLength(6);
      expect(await gateway.stop(signal)).toBe(0);
      expect(all.map((client) => client.ended())).toEqual(all.map(() => "cleanly"));
      expect(hanging.messages().at(-1)).toMatchObject({
        id: "hang",
        error: { code: -32603, data: { reason: "session_ended" } },
      });
      await gateway.nothingLeft();
      expect(gateway.log()).not.toMatch(/\[ERROR\]/);
    },
  );

  it("lets a running call finish first", async () => {
    await using gateway = await startGateway({ servers, limits: { drain: "12s" } });
    await using client = await openSession(`${gateway.url}/commands`);
    const params = { name: "hold", arguments: { name: "a" } };
    expect(await client.send({ jsonrpc: "2.0", id: "runs", method: "tools/call", params })).toMatchObject({
      status: 202,
    });
    gateway.signal("SIGTERM");
    await isShuttingDown(gateway);
    for (const pid of gateway.children("commands")) process.kill(pid, "SIGUSR2");
    expect(textOf(await client.response("runs"))).toBe("released a");
    expect(await client.untilEnded()).toBe("cleanly");
    expect(await gateway.exit()).toBe(0);
  });

  it("ends a child that is still starting, and cuts off a client that does not read", async () => {
    await using gateway = await startGateway({ servers });
    await using starting = await openSse(`${gateway.url}/starting`);
    await starting.send({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
    await using slow = await openSession(`${gateway.url}/floods`);
    slow.pause();
    const params = { name: "flood", arguments: { count: 100_000, bytes: 1_000 } };
    await slow.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    await until(() => gateway.children().length === 2, { what: "both children live" });
    expect(await gateway.stop()).toBe(0);
    await gateway.nothingLeft();
  });

  it("makes /ready 503 and refuses new sessions and connections, while calls still run", async () => {
    await using gateway = await startGateway({ servers, limits: { drain: "60s" } });
    await using client = await openSession(`${gateway.url}/hangs`);
    await client.send(HANG);
    // Half a request each: these connections were there before the signal and are in use.
    const ready = halfRequest(gateway, "GET /ready");
    const open = halfRequest(gateway, "POST /echo/mcp", initialize());
    await Promise.all([ready.connected, open.connected]);
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200);

    gateway.signal("SIGTERM");
    await isShuttingDown(gateway);
    expect(await ready.finish()).toMatch(/^HTTP\/1\.1 503 [^]*"status":"draining"/);
    const refused = await open.finish();
    expect(refused).toMatch(/^HTTP\/1\.1 503 [^]*"reason":"draining"/);
    expect(refused).toMatch(/^retry-after: \d/im);
    await expect(fetch(`${gateway.url}/ready`)).rejects.toThrow("fetch failed");
    // The running call is not interrupted, and its session accepts messages on existing connections.
    expect(client.ended()).toBeUndefined();
    expect(gateway.children("hangs")).toHaveLength(1);

    client.close();
    expect(await gateway.exit()).toBe(0);
  });

  it("takes the connection from who asks for a stream on one that was there before: a lost one is tried again", async () => {
    await using gateway = await startGateway({ servers, limits: { drain: "60s" } });
    await using client = await openSession(`${gateway.url}/hangs`);
    await client.send(HANG);
    const asking = ["/echo/sse", "/echo", "/echo/mcp", "/nobody", "/docs"].map((path) =>
      halfRequest(gateway, `GET ${path}`, undefined, path === "/docs" ? "Accept: text/event-stream\r\n" : ""),
    );
    await Promise.all(asking.map(({ connected }) => connected));
    // Connections are accepted in turn: these, too, when this one is.
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200);
    gateway.signal("SIGTERM");
    await isShuttingDown(gateway);
    expect(await Promise.all(asking.map((request) => request.finish()))).toEqual(asking.map(() => ""));

    client.close();
    expect(await gateway.exit()).toBe(0);
  });

  it("closes each connection with its last answer, and those on which nothing is asked at once", async () => {
    await using gateway = await startGateway({ servers, limits: { drain: "60s" }, debug: { level: "verbose" } });
    await using client = await openSession(`${gateway.url}/hangs`);
    await client.send(HANG);
    const call = { name: "hold", arguments: { name: "a" } };
    const toHold = { jsonrpc: "2.0", id: 1, method: "tools/call", params: call };
    const idle = halfRequest(gateway, "GET /ready");
    await idle.connected;
    await idle.finish({ closed: false });
    // Asked before the signal, answered after it: one with its head still to come, one in the middle of its stream.
    const held = halfRequest(gateway, "POST /api/commands/hold?sessionId=session-1", { name: "b" });
    const session = await fetch(`${gateway.url}/commands/mcp`, postOf(initialize()));
    const streamed = halfRequest(
      gateway,
      "POST /commands/mcp",
      toHold,
      `Accept: application/json, text/event-stream\r\nMcp-Session-Id: ${session.headers.get("mcp-session-id") ?? ""}\r\n`,
    );
    await Promise.all([held.connected, streamed.connected]);
    const [first, second] = [held.finish(), streamed.finish()];
    // A call is sent to a server that has answered before: it knows the signal that releases calls.
    await until(() => gateway.log().match(/Client message received: .*"hold"/g)?.length === 2, {
      deadlineMs: 20_000,
      what: "both calls are sent",
    });
    await until(() => streamed.received().includes(": ok"), { what: "the stream has begun" });
    gateway.signal("SIGTERM");
    await isShuttingDown(gateway);
    await until(() => idle.isClosed(), { what: "the idle connection is closed" });
    expect([held.isClosed(), streamed.isClosed()]).toEqual([false, false]);
    await until(
      () => {
        for (const pid of gateway.children("commands")) process.kill(pid, "SIGUSR2");
        return held.isClosed() && streamed.isClosed();
      },
      { what: "the answers have ended their connections" },
    );
    expect(await first).toMatch(/^HTTP\/1\.1 200 [^]*^connection: close[^]*released b/im);
    expect(await second).toMatch(/^HTTP\/1\.1 200 [^]*released a/);

    client.close();
    expect(await gateway.exit()).toBe(0);
  });

  it("given twice ends the gateway at once, and still nothing is left", async () => {
    await using gateway = await startGateway({ servers, limits: { drain: "60s" } });
    await openSeven(gateway);
    gateway.signal("SIGTERM");
    await isShuttingDown(gateway);
    expect(gateway.children()).toHaveLength(6);
    expect(await gateway.stop("SIGINT")).toBe(1);
    await gateway.nothingLeft(12_000);
  });
});

interface HalfRequest {
  readonly connected: Promise<unknown>;
  received(): string;
  isClosed(): boolean;
  /** Sends the rest; all that came once the connection is closed, or once the end of a JSON body is there. */
  finish(until?: { readonly closed: boolean }): Promise<string>;
}

/** A request that lacks only its last line, and its body. */
function halfRequest({ port }: GatewayProcess, line: string, body?: object, more = ""): HalfRequest {
  const socket: Socket = connect(port, "127.0.0.1");
  let received = "";
  let isClosed = false;
  socket.setEncoding("utf8").on("data", (text: string) => (received += text));
  socket.on("error", () => (isClosed = true)).on("close", () => (isClosed = true));
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = `Host: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n${more}`;
  const connected = new Promise((resolve) => {
    socket.write(`${line} HTTP/1.1\r\n${headers}`, resolve);
  });
  return {
    connected,
    received: () => received,
    isClosed: () => isClosed,
    async finish({ closed } = { closed: true }) {
      socket.write(`\r\n${text}`);
      await until(() => isClosed || (!closed && received.endsWith("}")), {
        deadlineMs: 20_000,
        what: `${line} is over`,
      });
      return received;
    },
  };
}

const initialize = (): object => ({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
});

const postOf = (message: object): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" },
  body: JSON.stringify(message),
});
