import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { descriptorsOf, fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient, type Exchange } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Nothing is retained for clients that have left or sessions that have ended.

let gateway: GatewayProcess;
const clients: StreamableClient[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    limits: { heartbeat: "100ms", stall: "1s" },
    servers: {
      commands: fixture("on-command"),
      silent: fixture("never-initializes"),
      slow: fixture("slow-start", { env: { START_MS: "60000" } }),
    },
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one[Symbol.asyncDispose]()));
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function opened(version = "2025-11-25", at = gateway): Promise<StreamableClient> {
  const made = new StreamableClient(`${at.url}/commands/mcp`);
  clients.push(made);
  await made.initialize({ version });
  return made;
}

const sessionsOf = (server: string): number => {
  const log = gateway.log();
  const count = (text: string): number => log.split(text).length - 1;
  return count(`connection for ${server} `) - count(`Session of ${server} closed`);
};

const noneIsLeft = (server: string): Promise<unknown> =>
  until(() => sessionsOf(server) === 0 && gateway.children(server).length === 0, {
    deadlineMs: 10_000,
    what: `no session and no process of ${server} is left`,
  });

describe("an initialize whose client leaves before the answer", () => {
  const INITIALIZE = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  };

  test.each([
    ["silent", "application/json"],
    ["silent", "application/json, text/event-stream"],
    ["silent", "text/event-stream"],
    ["slow", "application/json, text/event-stream"],
  ])("leaves no session and no process (%s, Accept: %s)", async (server, accept) => {
    const body = JSON.stringify(INITIALIZE);
    const socket = connect(gateway.port, "127.0.0.1");
    sockets.push(socket);
    socket.write(
      `POST /${server}/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: ${accept}\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => gateway.children(server).length === 1, { what: "its process has started" });
    if (accept === "text/event-stream") await until(() => socket.bytesRead > 0, { what: "its stream has begun" });
    socket.destroy();
    await noneIsLeft(server);
    expect(gateway.children(server)).toEqual([]);
  });
});

describe("a session that ends", () => {
  test("ends every stream of it: that of a GET, and those of finished POSTs that a client has come back to", async () => {
    const one = await opened();
    const streams: Exchange[] = [await one.get()];
    for (const name of ["a", "b"]) {
      const post = await one.start("hold", { name }, { id: name });
      await until(() => post.ids[0], { what: "the stream has begun" });
      await one.notify("x/release", { name });
      await post.over();
      streams.push(await one.get({ "Last-Event-ID": post.ids.at(-1) }));
    }
    expect(streams.map(({ isOver }) => isOver)).toEqual([false, false, false]);
    await one.delete();
    for (const stream of streams) expect((await stream.over()).isComplete).toBe(true);
  });
});

describe("streams of finished POSTs that a client comes back to", () => {
  test("are eight at most, one for each POST: the oldest ends", async () => {
    const one = await opened();
    const ids: (string | undefined)[] = [];
    for (let count = 0; count < 10; count++) {
      const post = await one.start("hold", { name: "x" }, { headers: { Accept: "text/event-stream" } });
      await until(() => post.ids[0], { what: "the stream has begun" });
      await one.notify("x/release", { name: "x" });
      await post.over();
      ids.push(post.ids.at(-1));
    }
    const again = await one.get({ "Last-Event-ID": ids[9] });
    const streams: Exchange[] = [];
    for (const id of ids) streams.push(await one.get({ "Last-Event-ID": id }));
    await again.over("the later stream of the same POST replaces the earlier one");
    await until(() => streams.filter(({ isOver }) => isOver).length === 2, { what: "two of ten have ended" });
    expect(streams.map(({ isOver }) => isOver)).toEqual([true, true, ...Array.from({ length: 8 }, () => false)]);
  });

  test("leave the POST itself an end when they come before it has begun to stream", async () => {
    const one = await opened();
    const first = await one.start("hold", { name: "first" }, { id: "first" });
    const [prefix] = (await until(() => first.ids[0], { what: "the stream has begun" })).split(".");
    // Stream numbers increase by one or two: one of these names the POST that is not yet a stream.
    const post = one.start("hold", { name: "next" }, { id: "next", headers: { Accept: "application/json" } });
    await until(async () => (await one.call("holding")).includes("next"), { what: "the next call is held" });
    for (let number = 1; number < 12; number++) void one.get({ "Last-Event-ID": `${prefix}.p${number}.1` });
    await one.notify("x/release", { name: "next" });
    await one.notify("x/release", { name: "first" });
    expect((await (await post).over("the POST has an end")).isComplete).toBe(true);
  });
});

describe("a reader that takes nothing", () => {
  let patient: GatewayProcess;
  // More than the kernel buffers for a socket, and far less than what pauses the server.
  const PADDING = 14 * 1024 * 1024;

  beforeAll(async () => {
    patient = await startGateway({
      limits: { stall: "1s", streamBytes: "64MiB", queueBytes: "64MiB" },
      servers: { commands: fixture("on-command") },
    });
  });
  afterAll(() => patient[Symbol.asyncDispose]());

  const descriptorsFall = (from: number): Promise<unknown> =>
    until(() => descriptorsOf(patient.pid) < from, { deadlineMs: 10_000, what: "its connection is closed" });

  test.each([
    ["", async () => {}],
    [", also after its session has ended", async (one: StreamableClient) => void (await one.delete())],
  ])("is cut off although less waits for it than makes its server wait%s", async (_when, then) => {
    const one = await opened("2025-11-25", patient);
    const socket = connect(patient.port, "127.0.0.1");
    sockets.push(socket);
    socket.write(
      "GET /commands/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n" +
        `Mcp-Session-Id: ${one.sessionId ?? ""}\r\n\r\n`,
    );
    await until(() => socket.bytesRead > 0, { what: "the stream has begun" });
    socket.pause();
    const listChanged = { method: "notifications/resources/updated", params: { padding: "x".repeat(1_000_000) } };
    for (let sent = 0; sent < PADDING; sent += 1_000_000) await one.notify("x/send", listChanged);
    expect(await one.call("echo", { message: "nobody waits for it" })).toBe("nobody waits for it");
    const open = descriptorsOf(patient.pid);
    await then(one);
    await descriptorsFall(open);
  });

  test("loses its session on HTTP+SSE", async () => {
    const session = await openSession(`${patient.url}/commands/sse`);
    await session.send({ jsonrpc: "2.0", method: "x/say", params: { text: "much", padding: PADDING } });
    session.pause();
    const closed = "Session of commands closed: client closed";
    await until(() => patient.log().includes(closed), { deadlineMs: 10_000, what: "its session has ended" });
    session.close();
    await until(() => patient.children().length === 0, { deadlineMs: 10_000, what: "no process is left" });
    expect(patient.children()).toEqual([]);
  });
});
