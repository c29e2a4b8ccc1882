import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { Principal } from "../../src/protocol/principal.ts";
import type { MessageRecorder } from "../../src/protocol/recording.ts";
import type { OpenSession, Session } from "../../src/protocol/session.ts";
import { Sessions, type TableLimits } from "../../src/session/sessions.ts";
import { clientMessages, FakeClient, fakeEvents, fakeServers, memoryRecords, settingsOf } from "./fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: TableLimits = {
  startMs: 90_000,
  requestMs: 60_000,
  requestMaxMs: 600_000,
  inFlight: 128,
  sessions: 4,
  sessionsPerServer: 3,
  sessionsPerPrincipal: 2,
  idleMs: 1_800_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  streams: 100,
  queueBytes: 4_096,
  restIdleMs: 600_000,
};

const ann: Principal = { kind: "basic", id: "ann" };
const bob: Principal = { kind: "basic", id: "bob" };
const cat: Principal = { kind: "bearer", id: "cat" };
/** A token whose fingerprint equals a user name. */
const annByToken: Principal = { kind: "bearer", id: "ann" };

describe("a session", () => {
  it("has an id that cannot be guessed and fits anywhere", () => {
    const { open } = table({ streams: 1_000, sessionsPerServer: 1_000, sessionsPerPrincipal: 1_000 });
    const ids = Array.from({ length: 500 }, () => open().session.id);
    expect(new Set(ids).size).toBe(500);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{21,}$/);
  });

  it("is announced and counted, until it is closed", async () => {
    const { sessions, open, emitted } = table();
    const { session } = open(ann, "git");
    expect(sessions.size).toBe(1);
    expect(emitted).toMatchObject([
      { type: "session.opened", server: "git", sessionId: session.id, transport: "sse", principal: "basic:ann" },
    ]);
    await session.close("client closed");
    expect(sessions.size).toBe(0);
    expect(emitted.at(-1)).toMatchObject({ type: "session.closed", reason: "client closed" });
  });

  it("is shown as one of Streamable HTTP and of the modern era, when its client speaks MCP 2026-07-28", () => {
    const { sessions, open } = table();
    open(ann, "git", { transport: "sse" });
    open(bob, "git", { transport: "modern" });
    expect(sessions.facts()).toMatchObject([
      { server: "git", transport: "sse", era: "legacy", hasProcess: false },
      { server: "git", transport: "streamable-http", era: "modern", hasProcess: false },
    ]);
  });

  it("starts no server by being opened", () => {
    const { open, servers } = table();
    open();
    expect(servers).toEqual([]);
  });

  it("cannot be opened twice under one id, which is another one for another principal or server", () => {
    const { sessions, open } = table();
    const { session } = open(ann, "git", { transport: "rest", id: "randomSession12345" });
    const again = (): unknown => open(ann, "git", { transport: "rest", id: "randomSession12345" });
    expect(again).toThrow(GatewayError);
    expect(sessions.find(ann, "git", "randomSession12345", "rest")).toBe(session);
    expect(open(ann, "files", { transport: "rest", id: "randomSession12345" }).session).not.toBe(session);
  });
});

describe("a session is found", () => {
  it("by its principal, its server, its id and its transport together", () => {
    const { sessions, open } = table();
    const { session } = open(ann, "git");
    expect(sessions.find(ann, "git", session.id, "sse")).toBe(session);
    expect(sessions.find({ ...ann }, "git", session.id, "sse")).toBe(session);
  });

  it.each<[string, Principal, string, (id: string) => string]>([
    ["another principal", bob, "git", (id) => id],
    ["another kind of principal with the same name", annByToken, "git", (id) => id],
    ["nobody in particular", { kind: "anonymous", id: "anonymous" }, "git", (id) => id],
    ["another server", ann, "files", (id) => id],
    ["another id", ann, "git", (id) => `${id}x`],
    ["no id", ann, "git", () => ""],
    ["a member of every object", ann, "git", () => "__proto__"],
    ["another member of every object", ann, "git", () => "constructor"],
    ["4,000 characters", ann, "git", () => "x".repeat(4_000)],
    ["an id with a line break", ann, "git", (id) => `x\n${id}`],
  ])("not by %s", (_what, principal, server, idOf) => {
    const { sessions, open } = table();
    const id = idOf(open(ann, "git").session.id);
    const refusal = refusalOf(() => sessions.find(principal, server, id, "sse"));
    const unknown = refusalOf(() => sessions.find(ann, "git", "never-was", "sse"));
    expect(refusal).toMatchObject({ reason: "session_not_found", status: 404, rpcCode: -32001 });
    expect([refusal.message, refusal.details]).toEqual([unknown.message, unknown.details]);
  });

  it("not by another transport", () => {
    const { sessions, open } = table();
    const { session } = open(ann, "git");
    expect(refusalOf(() => sessions.find(ann, "git", session.id, "streamable-http")).status).toBe(404);
  });

  it("no more once it is closing, although its server is still there", () => {
    const { sessions, open, servers } = table();
    const { session } = open(ann, "git");
    void session.receive(clientMessages({ id: 1, method: "ping" }), { requestId: "r" });
    const [server] = servers;
    if (server !== undefined) server.gone = new Promise(() => undefined);
    void session.close("idle");
    expect(() => sessions.find(ann, "git", session.id, "sse")).toThrow(GatewayError);
    expect(sessions.size).toBe(0);
  });
});

describe("an id that the caller chose", () => {
  it("is the session's", () => {
    const { sessions, open } = table();
    const { session } = open(ann, "git", { transport: "rest", id: "randomSession12345" });
    expect(session.id).toBe("randomSession12345");
    expect(sessions.look(ann, "git", "randomSession12345", "rest")).toBe(session);
  });

  it("may be another caller's too, or the same caller's on another server", () => {
    const { sessions, open } = table();
    const all = [
      open(ann, "git", { transport: "rest", id: "same-id-for-all" }),
      open(bob, "git", { transport: "rest", id: "same-id-for-all" }),
      open(ann, "files", { transport: "rest", id: "same-id-for-all" }),
    ];
    expect(sessions.size).toBe(3);
    expect(sessions.look(bob, "git", "same-id-for-all", "rest")).toBe(all[1]?.session);
    expect(sessions.look(cat, "git", "same-id-for-all", "rest")).toBeUndefined();
  });

  it("does not push a session of another transport out of the table", async () => {
    const { sessions, open } = table();
    const { session } = open(ann, "git");
    const second = sessionOrRefusal(() => open(ann, "git", { transport: "rest", id: session.id }).session);
    expect(sessions.look(ann, "git", session.id, "sse")).toBe(session);
    expect(sessions.size).toBe(second === undefined ? 1 : 2);
    await session.close("client closed");
    expect(sessions.look(ann, "git", session.id, "rest")).toBe(second);
  });
});

describe("the cap", () => {
  it("of all sessions refuses one more, with a time to come back at", () => {
    const { begin, sessions } = table({ sessionsPerServer: 100, sessionsPerPrincipal: 100 });
    for (let count = 0; count < 4; count++) begin();
    expect(refusalOf(() => begin())).toMatchObject({
      reason: "too_many_sessions",
      status: 503,
      rpcCode: 50300,
      retryAfterMs: expect.any(Number),
    });
    expect(sessions.size).toBe(4);
  });

  it("of one server leaves room for another one", () => {
    const { begin } = table({ sessionsPerPrincipal: 100 });
    for (let count = 0; count < 3; count++) begin(ann, "git");
    expect(refusalOf(() => begin(ann, "git")).reason).toBe("too_many_sessions");
    begin(ann, "files");
  });

  it("of one principal leaves room for another one, also for one with the same name", () => {
    const { begin } = table();
    for (let count = 0; count < 2; count++) begin(ann, "git");
    expect(refusalOf(() => begin(ann, "files")).reason).toBe("too_many_sessions");
    begin(annByToken, "git");
    begin(bob, "files");
  });

  it("has room again when a session is closed", () => {
    const { begin } = table({ sessions: 1 });
    const { session } = begin();
    void session.close("client closed");
    expect(() => begin()).not.toThrow();
  });

  it("makes no client, no server and no event for whom it refuses", () => {
    const { open, emitted, sessions } = table({ streams: 0 });
    let outlets = 0;
    const outlet = () => {
      outlets++;
      return new FakeClient();
    };
    refusalOf(() => sessions.open({ principal: ann, server: "git", transport: "sse", requestId: "r", outlet }));
    refusalOf(() => open());
    expect([outlets, emitted]).toEqual([0, []]);
  });
});

describe("at a cap", () => {
  it("the session that has been idle for longest makes room, after a minute", () => {
    const { begin, sessions } = table({ sessionsPerServer: 100, sessionsPerPrincipal: 100 });
    const all = [0, 1, 2, 3].map(() => {
      vi.advanceTimersByTime(1_000);
      return begin();
    });
    void all[0]?.session.receive(clientMessages({ method: "notifications/x" }), { requestId: "r" });
    vi.advanceTimersByTime(57_999);
    expect(refusalOf(() => begin()).reason).toBe("too_many_sessions");
    vi.advanceTimersByTime(1);
    begin();
    expect(all.map(({ server }) => server()?.closings)).toEqual([0, 1, 0, 0]);
    // It hibernates, because its client has an open stream and may continue.
    expect(sessions.size).toBe(5);
    expect(all.flatMap(({ client }) => client.ends)).toEqual([]);
  });

  it("a session that waits for an answer is never the one", () => {
    const { begin } = table({ sessions: 1 });
    const { session, client } = begin();
    void session.receive(clientMessages({ id: 1, method: "tools/list" }), { requestId: "r" });
    vi.advanceTimersByTime(3_600_000);
    expect(refusalOf(() => begin()).reason).toBe("too_many_sessions");
    expect(client.ends).toEqual([]);
  });

  it("of one principal it is a session of that principal", () => {
    const { begin } = table();
    const others = begin(bob, "git");
    vi.advanceTimersByTime(1_000);
    const own = [begin(ann, "git"), begin(ann, "files")];
    vi.advanceTimersByTime(60_000);
    begin(ann, "git");
    expect(others.server()?.closings).toBe(0);
    expect(own.map(({ server }) => server()?.closings)).toEqual([1, 0]);
  });

  it("of one server it is a session of that server", () => {
    const { begin } = table({ sessionsPerPrincipal: 100 });
    const other = begin(ann, "files");
    vi.advanceTimersByTime(1_000);
    const first = begin(ann, "git");
    for (let count = 0; count < 2; count++) begin(ann, "git");
    vi.advanceTimersByTime(60_000);
    // At the total limit the longest idle session is evicted first.
    void other.session.close("client closed");
    begin(ann, "git");
    expect(first.server()?.closings).toBe(1);
  });

  it("no session is evicted for a caller that is refused anyway", () => {
    const { begin } = table({ sessions: 3 });
    const bystander = begin(bob, "files");
    vi.advanceTimersByTime(60_000);
    for (const server of ["git", "files"]) begin(ann, server);
    expect(refusalOf(() => begin(ann, "git")).reason).toBe("too_many_sessions");
    expect(bystander.server()?.closings).toBe(0);
  });
});

describe("the sweep", () => {
  it("ends sessions that were idle for too long, sooner for REST", () => {
    const { sessions, begin } = table();
    sessions.start();
    const quiet = begin(ann, "git");
    const busy = begin(ann, "files");
    const rest = begin(bob, "git", { transport: "rest", id: "rest-session" });
    void busy.session.receive(clientMessages({ id: 1, method: "tools/list" }), {
      requestId: "r",
      timeoutMs: 10_000_000,
    });
    busy.server()?.says({ method: "notifications/message", params: {} });
    vi.advanceTimersByTime(599_000);
    expect(rest.client.ends).toEqual([]);
    vi.advanceTimersByTime(31_000);
    expect(rest.client.ends).toEqual([["idle", undefined]]);
    vi.advanceTimersByTime(1_169_000);
    expect(quiet.server()?.closings).toBe(0);
    vi.advanceTimersByTime(31_000);
    expect([quiet.server()?.closings, quiet.client.ends]).toEqual([1, []]);
  });

  it("ends nothing when idling is allowed for ever", () => {
    const { sessions, begin } = table({ idleMs: Number.POSITIVE_INFINITY, restIdleMs: Number.POSITIVE_INFINITY });
    sessions.start();
    begin();
    vi.advanceTimersByTime(86_400_000);
    expect(sessions.size).toBe(1);
  });
});

describe("the clock", () => {
  it("ends a wait at its deadline, late by a second at most", () => {
    const { sessions, open } = table();
    sessions.start();
    const { session, client, server } = open();
    void session.receive(clientMessages({ id: 0, method: "initialize" }), { requestId: "r" });
    server()?.says({ id: 0, result: {} });
    void session.receive(clientMessages({ id: 1, method: "tools/list" }), { requestId: "r" });
    vi.advanceTimersByTime(59_000);
    expect(client.got).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    expect(client.got.at(-1)).toMatchObject({ id: 1, error: { data: { reason: "call_timeout" } } });
  });
});

describe("draining", () => {
  it("opens no session any more", async () => {
    const { sessions, open } = table();
    await sessions.drain(0);
    expect(refusalOf(() => open())).toMatchObject({
      reason: "draining",
      status: 503,
      retryAfterMs: expect.any(Number),
    });
  });

  it("ends every session and waits until the servers are gone", async () => {
    vi.useRealTimers();
    const { sessions, open, servers } = table();
    const all = [open(ann, "git"), open(bob, "files")];
    for (const { session } of all)
      void session.receive(clientMessages({ method: "notifications/x" }), { requestId: "r" });
    let leave = (): void => undefined;
    const [first] = servers;
    if (first !== undefined) first.gone = new Promise((resolve) => (leave = resolve));
    let isDrained = false;
    const drained = sessions.drain(10_000).then(() => (isDrained = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.map(({ client }) => client.ends)).toEqual([[["shutdown", undefined]], [["shutdown", undefined]]]);
    expect(isDrained).toBe(false);
    leave();
    await drained;
    expect(sessions.size).toBe(0);
  });

  it("waits for the servers of sessions that were closing before", async () => {
    vi.useRealTimers();
    const { sessions, open, servers } = table();
    const { session } = open();
    void session.receive(clientMessages({ method: "notifications/x" }), { requestId: "r" });
    let leave = (): void => undefined;
    const [first] = servers;
    if (first !== undefined) first.gone = new Promise((resolve) => (leave = resolve));
    void session.close("client closed");
    let isDrained = false;
    const drained = sessions.drain(0).then(() => (isDrained = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDrained).toBe(false);
    leave();
    await drained;
  });

  it("lets a running request have its answer", async () => {
    vi.useRealTimers();
    const { sessions, open } = table();
    const { session, client, server } = open();
    void session.receive(clientMessages({ id: 1, method: "tools/list" }), { requestId: "r" });
    const drained = sessions.drain(10_000);
    expect(client.ends).toEqual([]);
    server()?.says({ id: 1, result: { tools: [] } });
    await drained;
    expect(client.got).toEqual([{ jsonrpc: "2.0", id: 1, result: { tools: [] } }]);
    expect(client.ends).toEqual([["shutdown", undefined]]);
  });

  it("waits no longer than it may for a request that is not answered", async () => {
    vi.useRealTimers();
    const { sessions, open } = table();
    const { session, client } = open();
    void session.receive(clientMessages({ id: 1, method: "tools/list" }), { requestId: "r" });
    await sessions.drain(20);
    expect(client.got).toMatchObject([{ id: 1, error: { data: { reason: "session_ended" } } }]);
  });

  it("stops the clocks", async () => {
    const { sessions } = table();
    sessions.start();
    await sessions.drain(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a recording", () => {
  it("is of a session that is in the table, and ends with it", async () => {
    const recorded: string[] = [];
    const recorder: MessageRecorder = {
      record: ({ key, principal, transport, era }) => {
        recorded.push(`${principal} ${transport} ${era}: ${key.split("\n").at(-1)}`);
        return {
          message: (from, { kind }) => recorded.push(`${from} ${kind}`),
          answered: ({ method }) => recorded.push(`answered ${method}`),
          ended: (reason) => recorded.push(reason),
        };
      },
    };
    const { sessions, begin } = table({}, recorder);
    const outlet = (): never => {
      throw new Error("no outlet");
    };
    const request = { principal: ann, server: "git", transport: "modern", requestId: "r" } as const;
    expect(() => sessions.open({ ...request, outlet })).toThrow("no outlet");
    expect(recorded).toEqual([]);
    const { session } = begin();
    const key = sessions.facts()[0]?.key ?? "";
    await sessions.end(key);
    expect(recorded).toEqual([
      `basic:ann sse legacy: ${session.id}`,
      "client request",
      "server response",
      "answered initialize",
      "client notification",
      "ended by operator",
    ]);
    expect(sessions.end(key)).toBeUndefined();
  });
});

describe("a server that is stopped", () => {
  it("loses the processes of its sessions, which hibernate if they can", async () => {
    const { sessions, begin, emitted } = table({ sessions: 9, sessionsPerServer: 9, sessionsPerPrincipal: 9 });
    begin();
    begin(ann, "git", { transport: "rest", id: "chosen-id" });
    begin(ann, "files");
    await sessions.stop("git");
    const state = sessions.facts().map(({ server, transport, hasProcess }) => [server, transport, hasProcess]);
    expect(state).toEqual([
      ["git", "sse", false],
      ["files", "sse", true],
    ]);
    expect(emitted.flatMap((event) => ("reason" in event ? [[event.type, event.reason]] : []))).toEqual([
      ["session.hibernated", "ended by operator"],
      ["session.closed", "ended by operator"],
    ]);
  });
});

function table(limits: Partial<TableLimits> = {}, recorder?: MessageRecorder) {
  const { connect, servers } = fakeServers();
  const { events, emitted } = fakeEvents();
  const records = memoryRecords();
  const sessions = new Sessions({
    connect,
    settingsOf,
    records,
    clientVersion: "1",
    limits: { ...LIMITS, ...limits },
    events: { ...events, recorder },
    onListsChanged: () => undefined,
  });
  const open = (
    principal = ann,
    server = "git",
    chosen: Pick<OpenSession, "transport"> & { id?: string } = { transport: "sse" },
  ) => {
    const client = new FakeClient();
    const before = servers.length;
    const session = sessions.open({ principal, server, requestId: "http-0", ...chosen, outlet: () => client });
    return { session, client, server: () => servers[before] };
  };
  /** Opens one whose server has answered `initialize`. */
  const begin = (...of: Parameters<typeof open>) => {
    const opened = open(...of);
    try {
      void opened.session.receive(clientMessages({ id: 0, method: "initialize", params: {} }), { requestId: "r" });
    } catch (error) {
      void opened.session.close("client closed");
      throw error;
    }
    opened.server()?.says({ id: 0, result: {} });
    void opened.session.receive(clientMessages({ method: "notifications/initialized" }), { requestId: "r" });
    return opened;
  };
  return { sessions, open, begin, servers, emitted };
}

function sessionOrRefusal(act: () => Session): Session | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function refusalOf(act: () => unknown): GatewayError {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
