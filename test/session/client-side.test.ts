import { describe, expect, it } from "vitest";
import { admissionOf, type AdmissionStep } from "../../src/protocol/admission.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { ExchangeOutcome } from "../../src/protocol/exchange.ts";
import type { Screen, ScreenedRequest } from "../../src/protocol/screen.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { clientMessages, FakeClient, fakeEvents, fakeServers, memoryRecords, settingsOf } from "./fakes.ts";

const LIMITS = {
  sessions: 10,
  sessionsPerServer: 10,
  sessionsPerPrincipal: 10,
  inFlight: 10,
  idleMs: 60_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  streams: 100,
  queueBytes: 4_096,
  restIdleMs: 60_000,
  startMs: 60_000,
  requestMs: 60_000,
  requestMaxMs: 60_000,
};

/** A session with a screen that treats requests by their method, and the steps given. */
function screenedSession(screened: Readonly<Record<string, ScreenedRequest>>, steps: readonly AdmissionStep[] = []) {
  const { connect, servers } = fakeServers();
  const screen: Screen = {
    request: (_principal, _server, { method }) => screened[method],
    passes: (_principal, _server, { method }) => method !== "notifications/hidden",
    delivers: ({ claims }, _server, { method }) => method !== "notifications/secret" || claims?.["scope"] === "all",
  };
  const sessions = new Sessions({
    connect,
    settingsOf,
    records: memoryRecords(),
    clientVersion: "1",
    limits: LIMITS,
    events: fakeEvents().events,
    admission: admissionOf([{ admit: () => undefined }, ...steps]),
    screen,
    onListsChanged: () => undefined,
  });
  const client = new FakeClient();
  const session = sessions.open({
    principal: { kind: "basic", id: "ann" },
    server: "git",
    transport: "streamable-http",
    requestId: "r",
    outlet: () => client,
  });
  const say = (message: object, isOwn = false): Promise<void> | void =>
    session.receive(clientMessages(message), { requestId: "r", isOwn });
  void say({ id: 0, method: "initialize", params: { protocolVersion: "2025-11-25" } });
  const [server] = servers;
  if (server === undefined) throw new Error("the server was not started");
  server.says({ id: 0, result: { protocolVersion: "2025-11-25" } });
  client.got.length = 0;
  return { session, say, server, client };
}

const replacement = {
  kind: "request",
  id: 5,
  method: "a/replaced",
  params: {},
  line: '{"jsonrpc":"2.0","id":5,"method":"a/replacement"}',
} as const;

describe("what a server tells", () => {
  it("is shown to whoever its session has come to be: the claims of the latest request count", () => {
    const { session, say, server, client } = screenedSession({});
    const secret = { method: "notifications/secret" };
    const ask = (id: number, claims: Record<string, unknown>): void => {
      const principal = { kind: "basic", id: "ann", claims } as const;
      void session.receive(clientMessages({ id, method: "a/b" }), { requestId: "r", principal });
    };
    void say({ id: 1, method: "a/b" });
    server.says(secret);
    ask(2, { scope: "all" });
    server.says(secret);
    ask(3, {});
    server.says(secret);
    expect(client.got).toEqual([{ jsonrpc: "2.0", ...secret }]);
  });
});

describe("a screened request", () => {
  it("is relayed as the screen wants it, and its answer is revised", () => {
    const revise: ScreenedRequest["revise"] = (answer) => ({
      ...answer,
      line: '{"jsonrpc":"2.0","id":5,"result":{"b":1}}',
    });
    const { say, server, client } = screenedSession({ "a/replaced": { frame: replacement, revise } });
    void say({ id: 5, method: "a/replaced" });
    expect(server.sent.at(-1)).toMatchObject({ method: "a/replacement" });
    server.says({ id: 5, result: { a: 1 } });
    expect(client.got).toEqual([{ jsonrpc: "2.0", id: 5, result: { b: 1 } }]);
  });

  it("is answered without its server when the screen has an answer", () => {
    const answer = { kind: "response", id: 5, failed: true, line: '{"jsonrpc":"2.0","id":5,"error":{}}' } as const;
    const { session, say, server, client } = screenedSession({ "a/answered": { answer } });
    const before = server.sent.length;
    void say({ id: 5, method: "a/answered" });
    expect([server.sent.length, session.waitsFor(5)]).toEqual([before, false]);
    expect(client.got).toEqual([{ jsonrpc: "2.0", id: 5, error: {} }]);
  });

  it("fails when its answer cannot be shown", () => {
    const revise = (): never => {
      throw new GatewayError("protocol_violation", "It is no list.");
    };
    const outcomes: ExchangeOutcome[] = [];
    const record = { closed: (outcome: ExchangeOutcome) => void outcomes.push(outcome) };
    const { say, server, client } = screenedSession({ "a/list": { revise } }, [{ open: () => record }]);
    void say({ id: 5, method: "a/list" });
    server.says({ id: 5, result: { secret: 1 } });
    expect(client.got).toMatchObject([{ id: 5, error: { code: -32603, data: { reason: "protocol_violation" } } }]);
    expect(outcomes).toEqual(["result", "protocol_violation"]);
  });

  it("of the gateway itself is not screened", () => {
    const { say, server } = screenedSession({ "a/replaced": { frame: replacement } });
    void say({ id: 5, method: "a/replaced" }, true);
    expect(server.sent.at(-1)).toMatchObject({ method: "a/replaced" });
  });
});

it("hidden notifications pass in neither direction", () => {
  const { say, server, client } = screenedSession({});
  void say({ method: "notifications/hidden" });
  void say({ method: "notifications/open" });
  server.says({ method: "notifications/secret" });
  server.says({ method: "notifications/news" });
  expect(server.sent.slice(-2)).toMatchObject([{ method: "initialize" }, { method: "notifications/open" }]);
  expect(client.got).toMatchObject([{ method: "notifications/news" }]);
});

it("records of the steps hear how each exchange ends, and with which answer", () => {
  const heard: unknown[] = [];
  const step: AdmissionStep = {
    open: ({ principal }, { method, id }) => ({
      closed: (outcome, answer) => void heard.push([principal.id, method, id, outcome, answer?.line.toString()]),
    }),
  };
  const { say, server } = screenedSession({}, [step]);
  void say({ id: 5, method: "tools/call", params: { name: "x" } });
  void say({ id: 6, method: "tools/call", params: { name: "x" } });
  server.says({ id: 5, result: {} });
  void say({ method: "notifications/cancelled", params: { requestId: 6 } });
  expect(heard.slice(1)).toEqual([
    ["ann", "tools/call", 5, "result", '{"jsonrpc":"2.0","id":5,"result":{}}'],
    ["ann", "tools/call", 6, "cancelled", undefined],
  ]);
});
