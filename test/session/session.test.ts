import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import type { SessionLimits } from "../../src/session/context.ts";
import { plainRecord } from "../../src/session/handshake.ts";
import { LiveSession } from "../../src/session/session.ts";
import { clientMessages, FakeClient, fakeEvents, type FakeServer, fakeServers, settingsOf } from "./fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: SessionLimits = {
  startMs: 90_000,
  requestMs: 60_000,
  requestMaxMs: 600_000,
  inFlight: 3,
  queueBytes: 4_096,
};
const INITIALIZE = { id: 0, method: "initialize", params: { protocolVersion: "2025-11-25" } };

describe("a message", () => {
  it("starts the server, the first one only", () => {
    const { session, servers, say } = conversation();
    expect(servers).toEqual([]);
    say(INITIALIZE);
    say({ method: "notifications/initialized" });
    expect(servers).toHaveLength(1);
    expect(servers[0]?.sent).toEqual([{ jsonrpc: "2.0", ...INITIALIZE }, expect.objectContaining({ jsonrpc: "2.0" })]);
    expect(session.presence.isBusy).toBe(true);
  });

  it("goes through as it came, both ways", () => {
    const { session, server, client } = started();
    const line =
      '{"method":"tools/call","params":{"name":"x","arguments":{"n":12345678901234567890,"f":1.0}} ,"id":5,"jsonrpc":"2.0"}';
    const frame: Frame = { kind: "request", id: 5, method: "tools/call", params: {}, line };
    void session.receive({ frames: [frame], isBatch: false }, { requestId: "r" });
    expect(server.lines.at(-1)).toBe(line);
    const answer = '{"result":{"n":12345678901234567890}, "id":5,"jsonrpc":"2.0"}';
    server.listener.frame({ kind: "response", id: 5, failed: false, line: answer });
    expect(client.lines.at(-1)).toBe(answer);
  });

  it("of any method goes through, known or not", () => {
    const { server, client, say } = started();
    say({ id: 5, method: "future/thing", params: { a: 1 } });
    expect(server.sent.at(-1)).toMatchObject({ method: "future/thing" });
    server.says({ method: "notifications/future", params: { b: 2 } });
    expect(client.got.at(-1)).toMatchObject({ method: "notifications/future" });
    expect(client.requestIds.at(-1)).toBeUndefined();
  });

  it("is refused after the end", async () => {
    const { session, say } = started();
    await session.close("client closed");
    expect(() => say({ id: 5, method: "ping" })).toThrow(expect.objectContaining({ reason: "session_not_found" }));
  });

  it("that the server has no room for is refused, and leaves no open exchange", () => {
    const { session, server, client, say } = started();
    server.isFull = true;
    expect(() => say({ id: 5, method: "tools/list" })).toThrow(expect.objectContaining({ reason: "queue_full" }));
    expect(session.presence.isBusy).toBe(false);
    server.says({ id: 5, result: {} });
    expect(client.got).toEqual([]);
  });

  it("for a server that cannot be started is refused, and may be tried again", () => {
    const refusal = new GatewayError("crash_loop", "It rests.");
    let isResting = true;
    const { connect, servers } = fakeServers();
    const { say } = conversation({}, (label, listener) => {
      if (isResting) throw refusal;
      return connect(label, listener);
    });
    expect(() => say(INITIALIZE)).toThrow(refusal);
    isResting = false;
    say(INITIALIZE);
    expect(servers[0]?.sent).toHaveLength(1);
  });
});

describe("a batch", () => {
  const ping = (id: number): object => ({ id, method: "ping" });
  const cancel = (requestId: number): object => ({ method: "notifications/cancelled", params: { requestId } });

  it("is passed on in a session that agreed on 2025-03-26", () => {
    const { server, client, say } = started({}, false, "2025-03-26");
    say([ping(5), ping(6)]);
    expect(server.sent.slice(-2)).toMatchObject([{ id: 5 }, { id: 6 }]);
    server.says({ id: 6, result: {} });
    expect(client.got).toMatchObject([{ id: 6 }]);
  });

  it.each(["2024-11-05", "2025-06-18", "2025-11-25"])("is refused in one that agreed on %s", (revision) => {
    const { session, server, say } = started({}, false, revision);
    const before = server.sent.length;
    expect(() => say([ping(5)])).toThrow(expect.objectContaining({ reason: "invalid_request" }));
    expect([server.sent.length, session.presence.isBusy]).toEqual([before, false]);
  });

  it("is refused before there is an agreement", () => {
    const { servers, say } = conversation();
    expect(() => say([ping(5)])).toThrow(expect.objectContaining({ reason: "invalid_request" }));
    expect(servers).toEqual([]);
  });

  it.each([
    ["with two requests of one id", [ping(5), ping(5)], "invalid_request"],
    ["with more requests than may be in flight", [ping(5), ping(6), ping(7), ping(8)], "queue_full"],
    ["with an id that is in use", [ping(6), ping(4)], "invalid_request"],
  ])("%s is refused as a whole", (_what, batch, reason) => {
    const { session, server, say } = started({}, false, "2025-03-26");
    say(ping(4));
    const before = server.sent.length;
    expect(() => say(batch)).toThrow(expect.objectContaining({ reason }));
    expect(server.sent).toHaveLength(before);
    expect([4, 5, 6].map((id) => session.waitsFor(id))).toEqual([true, false, false]);
  });

  it("may cancel a request of its own, for which nobody waits then", () => {
    const { session, client, say } = started({}, false, "2025-03-26");
    say([ping(5), cancel(5)]);
    expect(client.cancelledIds).toEqual([5]);
    expect(session.presence.isBusy).toBe(false);
  });
});

describe("an answer", () => {
  it("goes to the exchange that requested it", () => {
    const { server, client, say } = started();
    say({ id: "a", method: "tools/list" });
    say({ id: "b", method: "tools/list" });
    server.says({ id: "b", result: {} });
    server.says({ id: "a", error: { code: -1, message: "no" } });
    expect(client.requestIds).toEqual(["b", "a"]);
  });

  it.each([
    [
      "that comes twice is passed on once",
      [
        { id: 5, result: { n: 1 } },
        { id: 5, result: { n: 2 } },
      ],
      1,
    ],
    ["to nobody is dropped", [{ id: 99, result: {} }], 0],
    ["to the same digits as text is dropped", [{ id: "5", result: {} }], 0],
  ])("%s", (_what, answers, delivered) => {
    const { server, client, say } = started();
    say({ id: 5, method: "tools/list" });
    for (const answer of answers) server.says(answer);
    expect(client.got).toHaveLength(delivered);
    expect(client.got).toEqual(delivered === 0 ? [] : [{ jsonrpc: "2.0", id: 5, result: { n: 1 } }]);
  });

  it("frees the id for another request", () => {
    const { server, client, say } = started();
    for (let round = 0; round < 3; round++) {
      say({ id: 5, method: "ping" });
      server.says({ id: 5, result: {} });
    }
    expect(client.got).toHaveLength(3);
  });

  it("that cannot be passed on becomes an error with the request's id", () => {
    const { server, client, say } = started();
    say({ id: 5, method: "tools/list" });
    server.listener.badMessage(5, new GatewayError("protocol_violation", "Bad."));
    expect(client.got).toEqual([
      {
        jsonrpc: "2.0",
        id: 5,
        error: { code: -32603, message: "Bad.", data: { reason: "protocol_violation", requestId: "http-1" } },
      },
    ]);
    for (const id of [5, 6, undefined]) {
      server.listener.badMessage(id, new GatewayError("protocol_violation", "Bad."));
    }
    expect(client.got).toHaveLength(1);
  });

  it("that refuses to initialize ends the session", async () => {
    const { server, client, say, servers } = conversation();
    say(INITIALIZE);
    server().says({ id: 0, error: { code: -32602, message: "no such version" } });
    expect(client.got).toMatchObject([{ id: 0, error: { code: -32602 } }]);
    expect(client.ends).toMatchObject([["refused", undefined]]);
    expect(servers[0]?.closings).toBe(1);
  });
});

describe("a request", () => {
  it("with the id of one that waits is refused, and the first one is unharmed", () => {
    const { server, client, say } = started();
    say({ id: 5, method: "tools/list" });
    expect(() => say({ id: 5, method: "tools/call", params: {} })).toThrow(
      expect.objectContaining({ reason: "invalid_request", rpcCode: -32600 }),
    );
    expect(server.sent.filter((message) => (message as { id?: unknown }).id === 5)).toHaveLength(1);
    server.says({ id: 5, result: {} });
    expect(client.got).toEqual([{ jsonrpc: "2.0", id: 5, result: {} }]);
  });

  it("with the same digits as text is another one", () => {
    const { server, client, say } = started();
    say({ id: 5, method: "ping" });
    say({ id: "5", method: "ping" });
    server.says({ id: "5", result: {} });
    server.says({ id: 5, result: {} });
    expect(client.requestIds).toEqual(["5", 5]);
  });

  it("beyond the number that may be in flight is refused with a time to come back at", () => {
    const { server, say } = started();
    for (const id of [1, 2, 3]) say({ id, method: "ping" });
    expect(() => say({ id: 4, method: "ping" })).toThrow(
      expect.objectContaining({ reason: "queue_full", status: 503, details: { retryAfterMs: expect.any(Number) } }),
    );
    server.says({ id: 1, result: {} });
    say({ id: 4, method: "ping" });
    expect(server.sent.at(-1)).toMatchObject({ id: 4 });
  });
});

describe("a request that is not answered in time", () => {
  it("gets an error, and the server hears that it is cancelled", () => {
    const { server, client, say, pass, emitted } = started();
    say({ id: 5, method: "tools/call", params: { name: "x" } });
    pass(59_999);
    expect(client.got).toEqual([]);
    pass(1);
    expect(client.got).toMatchObject([{ id: 5, error: { code: -32603, data: { reason: "call_timeout" } } }]);
    expect(server.sent.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: 5 } });
    expect(emitted).toContainEqual(expect.objectContaining({ type: "session.timeout", method: "tools/call" }));
  });

  it("leaves the session as it was: a late answer is dropped, the next call is right", () => {
    const { server, client, say, pass } = started();
    say({ id: 5, method: "tools/list" });
    pass(60_000);
    server.says({ id: 5, result: { late: true } });
    say({ id: 6, method: "tools/list" });
    server.says({ id: 6, result: {} });
    expect(client.got.slice(1)).toEqual([{ jsonrpc: "2.0", id: 6, result: {} }]);
    expect(client.ends).toEqual([]);
  });

  it("has the time that its caller asked for", () => {
    const { session, client, pass } = started();
    void session.receive(clientMessages({ id: 5, method: "tools/list" }), { requestId: "r", timeoutMs: 1_000 });
    void session.receive(clientMessages({ id: 6, method: "tools/list" }), { requestId: "r", timeoutMs: 120_000 });
    pass(1_000);
    expect(client.requestIds).toEqual([5]);
    pass(118_000);
    expect(client.requestIds).toEqual([5]);
    pass(1_000);
    expect(client.requestIds).toEqual([5, 6]);
  });

  it("does not throw when the server does not read the cancellation", () => {
    const { server, client, say, pass } = started();
    say({ id: 5, method: "tools/list" });
    server.isFull = true;
    pass(60_000);
    expect(client.got).toHaveLength(1);
  });

  it("is not cancelled when it is initialize, which may not be", () => {
    const { server, say, pass } = started();
    say({ id: 5, method: "initialize" });
    pass(90_000);
    expect(
      server.sent.filter((message) => (message as { method?: string }).method === "notifications/cancelled"),
    ).toEqual([]);
  });
});

describe("a server that says nothing after its start", () => {
  it("has a longer time, and then the session ends with an error for all that wait", () => {
    const { client, say, pass, server } = conversation();
    say(INITIALIZE);
    say({ id: 1, method: "ping" });
    pass(89_999);
    expect(client.got).toEqual([]);
    pass(1);
    expect(client.got).toMatchObject([
      { id: 0, error: { data: { reason: "start_timeout" } } },
      { id: 1, error: { data: { reason: "start_timeout" } } },
    ]);
    expect(client.ends).toMatchObject([["server timeout", { reason: "start_timeout" }]]);
    expect(server().closings).toBe(1);
  });
});

describe("progress", () => {
  const call = { id: 5, method: "tools/call", params: { name: "x", _meta: { progressToken: "t" } } };
  const progress = { method: "notifications/progress", params: { progressToken: "t", progress: 1 } };

  it("is told with the request that it belongs to", () => {
    const { server, client, say } = started();
    say(call);
    server.says(progress);
    expect(client.requestIds).toEqual([5]);
    server.says({ ...progress, params: { progressToken: "unknown", progress: 1 } });
    expect(client.requestIds).toEqual([5, undefined]);
  });

  it("gives its request more time", () => {
    const { server, client, say, pass } = started();
    say(call);
    pass(50_000);
    server.says(progress);
    pass(50_000);
    expect(client.requestIds).toEqual([5]);
    pass(10_000);
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: {} });
  });

  it("gives it no more than the longest time", () => {
    const { server, client, say, pass } = started();
    say(call);
    for (let elapsed = 0; elapsed < 600_000; elapsed += 30_000) {
      server.says(progress);
      expect(client.got.every((message) => !Object.hasOwn(message as object, "error"))).toBe(true);
      pass(30_000);
    }
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: { data: { reason: "call_timeout" } } });
  });

  it("gives only its own request more time", () => {
    const { server, client, say, pass } = started();
    say(call);
    say({ id: 6, method: "tools/call", params: { name: "x", _meta: { progressToken: "other" } } });
    pass(50_000);
    server.says(progress);
    pass(10_000);
    expect(client.got.at(-1)).toMatchObject({ id: 6, error: {} });
  });

  it("never takes time away from a caller who asked for more", () => {
    const { session, server, client, pass } = started();
    void session.receive(clientMessages(call), { requestId: "r", timeoutMs: 300_000, reply: client.replyTo(5) });
    pass(1_000);
    server.says(progress);
    pass(298_000);
    expect(client.requestIds).toEqual([5]);
    pass(2_000);
    expect(client.got.at(-1)).toMatchObject({ id: 5, error: {} });
  });
});

describe("a cancellation", () => {
  it("goes to the server, and nobody waits for the answer any more", () => {
    const { session, server, client, say } = started();
    say({ id: 5, method: "tools/list" });
    say({ method: "notifications/cancelled", params: { requestId: 5 } });
    expect(server.sent.at(-1)).toMatchObject({ method: "notifications/cancelled" });
    expect(client.cancelledIds).toEqual([5]);
    expect(session.presence.isBusy).toBe(false);
    server.says({ id: 5, result: {} });
    expect(client.got).toEqual([]);
  });

  it.each([[{ requestId: 99 }], [{ requestId: "5" }], [{}], [{ requestId: null }], [{ requestId: {} }], [undefined]])(
    "of nothing that waits does nothing: %j",
    (params) => {
      const { server, client, say } = started();
      say({ id: 5, method: "tools/list" });
      say({ method: "notifications/cancelled", params });
      server.says({ id: 5, result: {} });
      expect(client.cancelledIds).toEqual([]);
      expect(client.got).toHaveLength(1);
    },
  );

  it("is not what another notification does that names a request", () => {
    const { session, server, client, say } = started();
    say({ id: 5, method: "tools/list" });
    say({ method: "notifications/other", params: { requestId: 5 } });
    expect(server.sent.at(-1)).toMatchObject({ method: "notifications/other" });
    expect(client.cancelledIds).toEqual([]);
    expect(session.presence.isBusy).toBe(true);
  });

  it("by the server is passed on", () => {
    const { server, client } = started();
    server.says({ method: "notifications/cancelled", params: { requestId: 1 } });
    expect(client.got).toHaveLength(1);
    expect(client.cancelledIds).toEqual([]);
  });
});

describe("a request of the server", () => {
  it("is passed on, and its answer comes back, once", () => {
    const { server, client, say } = started();
    const before = server.sent.length;
    server.says({ id: 1, method: "sampling/createMessage", params: {} });
    expect(client.got).toMatchObject([{ id: 1, method: "sampling/createMessage" }]);
    say({ id: 1, result: { role: "assistant" } });
    say({ id: 1, result: { role: "forged" } });
    expect(server.sent.slice(before)).toEqual([{ jsonrpc: "2.0", id: 1, result: { role: "assistant" } }]);
  });

  it("may have the id of a client's request", () => {
    const { server, client, say } = started();
    say({ id: 1, method: "tools/call", params: { name: "asks" } });
    server.says({ id: 1, method: "roots/list" });
    say({ id: 1, result: { roots: [] } });
    server.says({ id: 1, result: { content: [] } });
    expect(client.got).toMatchObject([{ method: "roots/list" }, { result: { content: [] } }]);
    expect(server.sent.at(-1)).toMatchObject({ result: { roots: [] } });
  });

  it("that was never made has no answer", () => {
    const { server, say } = started();
    const before = server.sent.length;
    say({ id: 1, result: {} });
    say({ id: "1", error: { code: -1, message: "m" } });
    expect(server.sent).toHaveLength(before);
  });

  it("may be left unanswered, again and again, and is forgotten in time", () => {
    const { server, say } = started();
    for (let id = 0; id < 10_000; id++) server.says({ id, method: "roots/list" });
    const before = server.sent.length;
    say({ id: 0, result: {} });
    expect(server.sent).toHaveLength(before);
    say({ id: 9_999, result: {} });
    expect(server.sent).toHaveLength(before + 1);
  });

  it("that is a ping is answered by the gateway, and the client hears nothing of it", () => {
    const { server, client } = started();
    server.says({ id: "p", method: "ping" });
    expect(server.lines.at(-1)).toBe('{"jsonrpc":"2.0","id":"p","result":{}}');
    expect(client.got).toEqual([]);
  });

  it("that is a ping harms nobody when the server does not read the answer", () => {
    const { server, client, say } = started();
    server.isFull = true;
    expect(() => server.says({ id: "p", method: "ping" })).not.toThrow();
    server.isFull = false;
    say({ id: 5, method: "tools/list" });
    server.says({ id: 5, result: {} });
    expect(client.got).toHaveLength(1);
  });
});

describe("a slow client", () => {
  it("makes the server wait, and lets it go on", () => {
    const { session, server } = started();
    session.pause();
    expect(server.isPaused).toBe(true);
    session.resume();
    expect(server.isPaused).toBe(false);
  });

  it("makes a server wait that is started later", () => {
    const { session, say, server } = conversation();
    session.pause();
    say(INITIALIZE);
    expect(server().isPaused).toBe(true);
  });
});

describe("a session is idle", () => {
  it("since its last message or response, and never while a request is open", () => {
    const { session, server, say } = started();
    vi.advanceTimersByTime(10_000);
    expect(session.presence.idleMs(performance.now())).toBe(10_000);
    say({ id: 5, method: "tools/list" });
    vi.advanceTimersByTime(10_000);
    expect(session.presence.idleMs(performance.now())).toBe(0);
    server.says({ id: 5, result: {} });
    expect(session.presence.idleMs(performance.now())).toBe(0);
    vi.advanceTimersByTime(7_000);
    expect(session.presence.idleMs(performance.now())).toBe(7_000);
  });
});

describe("the end of a server", () => {
  it("fails all that wait at once, tells why, and ends the session", () => {
    const { server, client, say, emitted } = started();
    for (const id of [1, "2", 3]) say({ id, method: "tools/list" });
    const error = new GatewayError("process_exited", "It ended (exit code 3).", { data: { exitCode: 3 } });
    server.listener.ended(error);
    expect(client.got).toMatchObject(
      [1, "2", 3].map((id) => ({ id, error: { code: -32603, data: { reason: "process_exited", exitCode: 3 } } })),
    );
    expect(client.ends).toEqual([["server ended", error]]);
    expect(server.closings).toBe(1);
    expect(emitted.filter(({ type }) => type === "session.closed")).toMatchObject([{ reason: "server ended" }]);
  });

  it("is told once, whatever it says afterwards", () => {
    const { server, client } = started();
    const error = new GatewayError("process_exited", "It ended.");
    server.listener.ended(error);
    server.listener.ended(error);
    server.says({ method: "notifications/message", params: {} });
    server.says({ id: "p", method: "ping" });
    expect(client.ends).toHaveLength(1);
    expect(client.got).toEqual([]);
  });
});

describe("closing", () => {
  it("fails open requests, tells the client once, ends the server, and resolves when it has exited", async () => {
    const { session, server, client, say, log } = started();
    say({ id: 5, method: "tools/list" });
    let leave = (): void => undefined;
    server.gone = new Promise((resolve) => (leave = resolve));
    const closed = session.close("idle").then(() => log.push("closed"));
    void session.close("shutdown");
    expect(client.got).toMatchObject([{ id: 5, error: { data: { reason: "session_ended" } } }]);
    expect(client.ends).toEqual([["idle", undefined]]);
    expect(server.closings).toBe(1);
    expect(log).toEqual(["onClosing"]);
    leave();
    await closed;
    expect(log).toEqual(["onClosing", "gone", "closed"]);
  });

  it("needs no server", async () => {
    const { session, client, servers } = conversation();
    await session.close("client closed");
    expect(client.ends).toHaveLength(1);
    expect(servers).toEqual([]);
  });

  it("happens once although its outlet closes it while it is told of the end", async () => {
    const { session, client, log } = started();
    const ended = client.ended.bind(client);
    client.ended = (...why) => {
      ended(...why);
      void session.close("client closed");
    };
    await session.close("idle");
    expect(client.ends).toHaveLength(1);
    expect(log).toEqual(["onClosing", "gone"]);
  });

  it("ends the server although the outlet throws", async () => {
    const { session, server, client, log } = started();
    client.ended = () => {
      throw new Error("the socket is gone");
    };
    await session.close("idle").catch(() => undefined);
    expect(server.closings).toBe(1);
    expect(log).toContain("gone");
  });
});

describe("what is said", () => {
  it("emits an event for each message only when there is a listener", () => {
    for (const tracing of [true, false]) {
      const { server, say, emitted } = started({}, tracing);
      say({ id: 5, method: "tools/list" });
      server.says({ id: 5, result: {} });
      const messages = emitted.filter(({ type }) => type === "session.message").slice(-2);
      expect(messages).toMatchObject(
        tracing ? [{ from: "client", requestId: "http-1", sessionId: "session-1" }, { from: "server" }] : [],
      );
    }
  });
});

/** A session without a server yet. */
function conversation(limits: Partial<SessionLimits> = {}, connect = fakeServers().connect, tracing = false) {
  const client = new FakeClient();
  const { emitted, events } = fakeEvents(tracing);
  const log: string[] = [];
  const servers: FakeServer[] = [];
  const session = new LiveSession(
    "session-1",
    {
      principal: { kind: "basic", id: "ann" },
      server: "git",
      transport: "sse",
      requestId: "http-0",
      outlet: () => client,
    },
    {
      connect: (label, listener) => {
        const upstream = connect(label, listener);
        servers.push(upstream as never);
        return upstream;
      },
      limits: { ...LIMITS, ...limits },
      events,
      settingsOf,
      host: {
        onOpening: () => undefined,
        onRecord: () => undefined,
        recordFor: () => plainRecord("1"),
        onHibernated: (_key, ended) => {
          log.push("onHibernated");
          void ended.then(() => log.push("gone"));
        },
        onClosing: (_key, _reason, ended) => {
          log.push("onClosing");
          void ended.then(() => log.push("gone"));
        },
      },
      onListsChanged: (server) => log.push(`lists of ${server}`),
    },
  );
  const server = () => {
    const [first] = servers;
    if (first === undefined) throw new Error("no server was started");
    return first;
  };
  const say = (message: object | readonly object[]): void => {
    const messages = clientMessages(message);
    const [first] = messages.frames;
    const reply = first?.kind === "request" ? client.replyTo(first.id) : undefined;
    void session.receive(messages, { requestId: "http-1", reply });
  };
  const pass = (ms: number): void => {
    vi.advanceTimersByTime(ms);
    session.deadlines.check(performance.now());
  };
  return { session, client, servers, server, say, pass, emitted, log };
}

/** A session whose server has answered initialize. */
function started(limits: Partial<SessionLimits> = {}, tracing = false, revision = "2025-11-25") {
  const all = conversation(limits, undefined, tracing);
  all.say(INITIALIZE);
  all.server().says({ id: 0, result: { protocolVersion: revision } });
  for (const list of [all.client.got, all.client.lines, all.client.requestIds]) list.length = 0;
  return { ...all, server: all.server() };
}

it("a server that announces a change of one of its lists is reported", () => {
  const { server, log } = started();
  const changed = ["tools", "prompts", "resources", "roots"].map((list) => `notifications/${list}/list_changed`);
  for (const method of [...changed, "notifications/resources/updated"]) server.says({ method, params: {} });
  expect(log).toEqual(["lists of git", "lists of git", "lists of git"]);
});
