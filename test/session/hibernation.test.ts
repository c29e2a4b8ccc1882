import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayError } from "../../src/protocol/errors.ts";
import { GatewayError as Failure } from "../../src/protocol/errors.ts";
import type { Principal } from "../../src/protocol/principal.ts";
import type { Session, Transport } from "../../src/protocol/session.ts";
import type { SessionRecords } from "../../src/session/records.ts";
import { Sessions, type TableLimits } from "../../src/session/sessions.ts";
import { clientMessages, FakeClient, fakeEvents, fakeServers, memoryRecords, settingsOf } from "./fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: TableLimits = {
  startMs: 90_000,
  requestMs: 60_000,
  requestMaxMs: 600_000,
  inFlight: 128,
  queueBytes: 1_000,
  sessions: 3,
  sessionsPerServer: 3,
  sessionsPerPrincipal: 3,
  streams: 4,
  idleMs: 1_800_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  restIdleMs: 600_000,
};
const ann: Principal = { kind: "basic", id: "ann" };
const bob: Principal = { kind: "basic", id: "bob" };
const INITIALIZE = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: { roots: {} } },
};
const ONE = { protocolVersion: "2025-11-25", serverInfo: { name: "s", version: "1" }, capabilities: { tools: {} } };
const TWO = { ...ONE, serverInfo: { name: "s", version: "2" } };

describe("a session whose client says nothing and has no stream", () => {
  it("loses its process, and has another one with its next message, which the client does not notice", () => {
    const { servers, begin, resume, say } = table();
    const { session, client } = begin();
    client.isConnected = false;
    vi.advanceTimersByTime(110_000);
    expect(servers[0]?.closings).toBe(1);
    const back = resume(session.id);
    say(back.session, { id: 5, method: "tools/call", params: { name: "x" } });
    expect(servers[1]?.sent).toEqual([{ jsonrpc: "2.0", ...INITIALIZE }]);
    servers[1]?.says({ id: 0, result: ONE });
    expect(servers[1]?.sent.slice(1)).toMatchObject([
      { method: "notifications/initialized" },
      { id: 5, method: "tools/call" },
    ]);
    servers[1]?.says({ id: 5, result: { content: [] } });
    expect(back.client.got).toEqual([{ jsonrpc: "2.0", id: 5, result: { content: [] } }]);
  });

  it("keeps its process while a stream is open, and loses it when it idles for long: the stream stays", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    vi.advanceTimersByTime(1_700_000);
    expect(servers[0]?.closings).toBe(0);
    vi.advanceTimersByTime(200_000);
    expect([servers[0]?.closings, client.ends]).toEqual([1, []]);
    say(session, { id: 5, method: "ping" });
    expect(servers).toHaveLength(2);
  });

  it("has ended when it never completed the handshake", () => {
    const { open, sessions, servers, say } = table();
    const { session, client } = open();
    client.isConnected = false;
    say(session, INITIALIZE);
    servers[0]?.says({ id: 0, result: ONE });
    vi.advanceTimersByTime(110_000);
    expect([sessions.size, client.ends]).toEqual([0, [["idle", undefined]]]);
  });

  it("keeps its process for the idle time when its server is stateful, and then is gone", () => {
    const { servers, begin, resume } = table({}, memoryRecords(), true);
    const { session, client } = begin();
    client.isConnected = false;
    vi.advanceTimersByTime(1_700_000);
    expect(servers[0]?.closings).toBe(0);
    vi.advanceTimersByTime(200_000);
    expect(servers[0]?.closings).toBe(1);
    expect(refusalOf(() => resume(session.id)).reason).toBe("session_not_found");
  });
});

describe("a process that ends by itself", () => {
  it("fails what waits; the next message has another one", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    say(session, { id: 5, method: "tools/list" });
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    expect(client.got).toMatchObject([{ id: 5, error: { data: { reason: "process_exited" } } }]);
    say(session, { id: 6, method: "tools/list" });
    servers[1]?.says({ id: 0, result: ONE });
    servers[1]?.says({ id: 6, result: { tools: [] } });
    expect(client.got.at(-1)).toMatchObject({ id: 6, result: {} });
    expect(client.ends).toEqual([]);
  });

  it("takes its own questions back: another process may use their ids", () => {
    const { servers, begin, say } = table();
    const { client, session } = begin();
    servers[0]?.says({ id: 7, method: "elicitation/create", params: {} });
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    expect(client.got.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: 7 } });
    say(session, { id: 8, method: "tools/list" });
    servers[1]?.says({ id: 0, result: ONE });
    say(session, { id: 7, result: { action: "accept" } });
    expect(servers[1]?.sent.some((message) => JSON.stringify(message).includes("accept"))).toBe(false);
  });
});

describe("a new process is told", () => {
  it("the log level, and the subscriptions that still hold", () => {
    const { servers, begin, say } = table();
    const { session } = begin({ ...ONE, capabilities: { logging: {} } });
    say(session, { id: 1, method: "logging/setLevel", params: { level: "debug" } });
    for (const uri of ["a:1", "a:2"]) say(session, { id: uri, method: "resources/subscribe", params: { uri } });
    say(session, { id: "gone", method: "resources/unsubscribe", params: { uri: "a:1" } });
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 9, method: "tools/list" });
    servers[1]?.says({ id: 0, result: { ...ONE, capabilities: { logging: {} } } });
    expect(servers[1]?.sent.slice(1)).toMatchObject([
      { method: "notifications/initialized" },
      { method: "logging/setLevel", params: { level: "debug" } },
      { method: "resources/subscribe", params: { uri: "a:2" } },
      { id: 9, method: "tools/list" },
    ]);
  });

  it("nothing the client could see the answers of", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin({ ...ONE, capabilities: { logging: {} } });
    say(session, { id: 1, method: "logging/setLevel", params: { level: "debug" } });
    servers[0]?.says({ id: 1, result: {} });
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 9, method: "ping" });
    say(session, { id: 10, method: "tools/list" });
    servers[1]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 11, method: "tools/list" });
    servers[2]?.says({ id: 0, result: { ...ONE, capabilities: { logging: {} } } });
    const own = servers[2]?.sent.find((message) => JSON.stringify(message).includes("setLevel")) as { id: string };
    const before = client.got.length;
    servers[2]?.says({ id: own.id, error: { code: -1, message: "no" } });
    expect(client.got).toHaveLength(before);
  });
});

describe("a server that is another one when its client comes back", () => {
  it("is announced as having other lists", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 9, method: "tools/call", params: {} });
    servers[1]?.says({ id: 0, result: TWO });
    expect(client.got).toMatchObject([
      { method: "notifications/tools/list_changed" },
      { method: "notifications/prompts/list_changed" },
      { method: "notifications/resources/list_changed" },
    ]);
    servers[1]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 10, method: "tools/call", params: {} });
    servers[2]?.says({ id: 0, result: TWO });
    expect(client.got.filter((message) => JSON.stringify(message).includes("list_changed"))).toHaveLength(3);
  });

  it("is asked for its tools when the client knows them, and others are announced", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    say(session, { id: 1, method: "tools/list" });
    servers[0]?.says({ id: 1, result: { tools: [{ name: "a" }] } });
    for (const [index, tools] of [[{ name: "a" }], [{ name: "b" }]].entries()) {
      servers[index]?.listener.ended(new Failure("process_exited", "It exited."));
      say(session, { id: 9 + index, method: "tools/call", params: {} });
      const server = servers[index + 1];
      server?.says({ id: 0, result: ONE });
      const own = server?.sent.at(-1) as { id: string; method: string };
      expect(own.method).toBe("tools/list");
      server?.says({ id: own.id, result: { tools } });
    }
    expect(client.got.filter((message) => JSON.stringify(message).includes("list_changed"))).toHaveLength(1);
  });
});

describe("a server that cannot be greeted again", () => {
  it("fails what waits for it; its client may try again", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 9, method: "tools/list" });
    servers[1]?.says({ id: 0, error: { code: -32600, message: "not today" } });
    expect(client.got).toMatchObject([{ id: 9, error: { data: { rpc: { message: "not today" } } } }]);
    say(session, { id: 10, method: "tools/list" });
    servers[2]?.says({ id: 0, result: ONE });
    expect(servers[2]?.sent.at(-1)).toMatchObject({ id: 10 });
  });

  it("is not waited for by more than may wait", () => {
    const { servers, begin, say } = table();
    const { session } = begin();
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    const long = (id: number): object => ({ id, method: "x", params: { text: "x".repeat(600) } });
    for (const id of [1, 2]) say(session, long(id));
    expect(refusalOf(() => say(session, long(3))).reason).toBe("queue_full");
  });

  it("fails what waits when it does not answer in its time to start", () => {
    const { servers, begin, say, sessions } = table();
    const { session, client } = begin();
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { id: 9, method: "tools/list" });
    vi.advanceTimersByTime(100_000);
    expect(client.got).toMatchObject([{ id: 9, error: { data: { limit: "limits.start" } } }]);
    expect([servers[1]?.closings, sessions.size]).toEqual([1, 1]);
  });
});

describe("a notification", () => {
  it("starts no process: there is nobody to tell", () => {
    const { servers, begin, say } = table();
    const { session } = begin();
    servers[0]?.listener.ended(new Failure("process_exited", "It exited."));
    say(session, { method: "notifications/roots/list_changed" });
    expect(servers).toHaveLength(1);
  });
});

describe("after a restart", () => {
  it("a session goes on, for its own principal only", () => {
    const records = memoryRecords();
    const before = table({}, records);
    const { session } = before.begin();
    const after = table({}, records);
    expect(refusalOf(() => after.resume(session.id, bob)).reason).toBe("session_not_found");
    const { session: resumed } = after.resume(session.id);
    expect(resumed.clientRevision).toBe("2025-11-25");
    after.say(resumed, { id: 3, method: "tools/list" });
    expect(after.servers[0]?.sent).toMatchObject([{ method: "initialize" }]);
  });

  it("a session of 2025-03-26 may send a batch at once", () => {
    const records = memoryRecords();
    const { session } = table({}, records).begin({ ...ONE, protocolVersion: "2025-03-26" });
    const after = table({}, records);
    const { session: resumed } = after.resume(session.id);
    const batch = clientMessages([
      { id: 1, method: "tools/list" },
      { id: 2, method: "ping" },
    ]);
    expect(() => resumed.receive(batch, { requestId: "r" })).not.toThrow();
  });

  it("one that said goodbye is gone", () => {
    const records = memoryRecords();
    const before = table({}, records);
    const { session } = before.begin();
    void session.close("client closed");
    expect(refusalOf(() => table({}, records).resume(session.id)).reason).toBe("session_not_found");
  });

  it("one that was listened to only has no process", () => {
    const records = memoryRecords();
    const { session } = table({}, records).begin();
    const after = table({}, records);
    after.resume(session.id);
    expect(after.servers).toEqual([]);
  });
});

describe("on HTTP+SSE", () => {
  it("a new stream goes on with the last handshake of its client", () => {
    const { servers, begin, open, say } = table();
    const { session } = begin(ONE, "sse");
    void session.close("client closed");
    const { session: next, client } = open("sse");
    say(next, { id: 4, method: "tools/call", params: {} });
    expect(servers[1]?.sent).toEqual([{ jsonrpc: "2.0", ...INITIALIZE }]);
    servers[1]?.says({ id: 0, result: ONE });
    servers[1]?.says({ id: 4, result: {} });
    expect(client.got).toEqual([{ jsonrpc: "2.0", id: 4, result: {} }]);
  });

  it("one whose client never did one has a plain one", () => {
    const { servers, open, say } = table();
    const { session, client } = open("sse");
    say(session, { id: 4, method: "tools/call", params: {} });
    const [initialize] = servers[0]?.sent ?? [];
    expect(initialize).toMatchObject({ method: "initialize", params: { clientInfo: { name: "mcp-gateway" } } });
    // It knew nothing of the server: nothing has changed for it.
    servers[0]?.says({ id: (initialize as { id: string }).id, result: ONE });
    expect(client.got).toEqual([]);
  });

  it("a ping before the handshake is no reason for one", () => {
    const { servers, open, say } = table();
    say(open("sse").session, { id: 4, method: "ping" });
    expect(servers[0]?.sent).toMatchObject([{ id: 4, method: "ping" }]);
  });
});

describe("caps", () => {
  it("do not count sessions without a process", () => {
    const { servers, begin, say } = table({ sessions: 1 });
    const first = begin();
    first.client.isConnected = false;
    vi.advanceTimersByTime(110_000);
    const second = begin();
    expect(servers).toHaveLength(2);
    expect(refusalOf(() => begin()).reason).toBe("too_many_sessions");
    second.client.isConnected = false;
    vi.advanceTimersByTime(110_000);
    expect(() => say(begin().session, { id: 1, method: "ping" })).not.toThrow();
  });

  it("first evict sessions that never completed the handshake and have no stream, of any principal", () => {
    const { open, begin, say, servers } = table();
    const live = begin(ONE, "streamable-http", bob);
    for (let count = 0; count < 2; count++) {
      const { session, client } = open();
      client.isConnected = false;
      say(session, INITIALIZE);
      servers.at(-1)?.says({ id: 0, result: ONE });
    }
    vi.advanceTimersByTime(70_000);
    begin();
    expect(servers.map(({ closings }) => closings)).toEqual([0, 1, 0, 0]);
    expect(live.client.ends).toEqual([]);
  });

  it("bound the streams that have no process", () => {
    const { open, sessions } = table();
    for (let count = 0; count < 4; count++) open("sse");
    expect(refusalOf(() => open("sse")).reason).toBe("too_many_sessions");
    vi.advanceTimersByTime(60_000);
    open("sse");
    expect(sessions.size).toBe(4);
  });
});

describe("a request's time", () => {
  it("stands still while the server waits for the client's answer, up to the longest time", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    say(session, { id: 5, method: "tools/call", params: {} });
    vi.advanceTimersByTime(30_000);
    servers[0]?.says({ id: 1, method: "elicitation/create", params: {} });
    vi.advanceTimersByTime(120_000);
    say(session, { id: 1, result: { action: "accept" } });
    vi.advanceTimersByTime(28_000);
    expect(client.got).toHaveLength(1);
    vi.advanceTimersByTime(4_000);
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: { data: { limit: "limits.request" } } });
  });

  it("runs on when the server takes its question back, and the answer to that is dropped", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    say(session, { id: 5, method: "tools/call", params: {} });
    servers[0]?.says({ id: "q", method: "elicitation/create", params: {} });
    vi.advanceTimersByTime(30_000);
    servers[0]?.says({ method: "notifications/cancelled", params: { requestId: "q" } });
    say(session, { id: "q", result: { action: "accept" } });
    expect(servers[0]?.sent.at(-1)).toMatchObject({ id: 5 });
    expect(client.got.at(-1)).toMatchObject({ method: "notifications/cancelled" });
    vi.advanceTimersByTime(92_000);
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: { data: { limit: "limits.request" } } });
  });

  it("ends at the longest time although the client never answers", () => {
    const { servers, begin, say } = table();
    const { session, client } = begin();
    say(session, { id: 5, method: "tools/call", params: {} });
    servers[0]?.says({ id: 1, method: "elicitation/create", params: {} });
    vi.advanceTimersByTime(599_000);
    expect(client.got).toHaveLength(1);
    vi.advanceTimersByTime(3_000);
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: { data: { limit: "limits.requestMax" } } });
  });
});

function table(limits: Partial<TableLimits> = {}, records: SessionRecords = memoryRecords(), isStateful = false) {
  const { connect, servers } = fakeServers();
  const sessions = new Sessions({
    connect,
    settingsOf: () => ({ ...settingsOf(), isStateful }),
    records,
    clientVersion: "1",
    limits: { ...LIMITS, ...limits },
    events: fakeEvents().events,
    onListsChanged: () => undefined,
  });
  sessions.start();
  const of = (transport: Transport, principal: Principal, client: FakeClient) =>
    ({ principal, server: "git", transport, requestId: "http-0", outlet: () => client }) as const;
  const say = (session: Session, message: object): void => {
    void session.receive(clientMessages(message), { requestId: "http-1" });
  };
  const open = (transport: Transport = "streamable-http", principal = ann) => {
    const client = new FakeClient();
    return { client, session: sessions.open(of(transport, principal, client)) };
  };
  const begin = (result: object = ONE, transport: Transport = "streamable-http", principal = ann) => {
    const opened = open(transport, principal);
    say(opened.session, INITIALIZE);
    servers.at(-1)?.says({ id: 0, result });
    say(opened.session, { method: "notifications/initialized" });
    opened.client.got.length = 0;
    return opened;
  };
  const resume = (id: string, principal = ann) => {
    const client = new FakeClient();
    return { client, session: sessions.resume({ ...of("streamable-http", principal, client), id }) };
  };
  return { sessions, servers, open, begin, resume, say };
}

function refusalOf(act: () => unknown): GatewayError {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
