import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readClientMessages, type ClientMessages } from "../../../src/protocol/client-frame.ts";
import { inputCapabilities } from "../../../src/protocol/eras/input-capabilities.ts";
import type { HeaderParam } from "../../../src/protocol/eras/param-headers.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import type { RequestFrame } from "../../../src/protocol/frame.ts";
import type { ModernCall } from "../../../src/protocol/modern-call.ts";
import type { Principal } from "../../../src/protocol/principal.ts";
import type { ServerSettings } from "../../../src/protocol/upstream.ts";
import type { Reception, Session, SessionOpener } from "../../../src/protocol/session.ts";
import { ModernSessions, type ModernLimits } from "../../../src/session/modern/modern-sessions.ts";
import { Sessions, type TableLimits } from "../../../src/session/sessions.ts";
import { FakeClient, fakeEvents, fakeServers, memoryRecords, settingsOf, type FakeServer } from "../fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: TableLimits = {
  startMs: 90_000,
  requestMs: 60_000,
  requestMaxMs: 600_000,
  inFlight: 8,
  sessions: 6,
  sessionsPerServer: 5,
  sessionsPerPrincipal: 4,
  idleMs: 1_800_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  streams: 100,
  queueBytes: 4_096,
  restIdleMs: 600_000,
};
const ann: Principal = { kind: "basic", id: "ann" };
const bob: Principal = { kind: "basic", id: "bob" };
const INPUT_MS = 300_000;
const ASKABLE = { elicitation: { form: {} }, sampling: {}, roots: {} };
const CAPABILITIES = { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} };
const PREFIX = "io.modelcontextprotocol/";

interface Line {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown> & { readonly name?: string };
  readonly result?: Record<string, never> & { readonly requestState: string };
  readonly error?: { readonly code: number; readonly data?: Record<string, unknown> };
}

interface Options {
  /** What the messages of callers wait for. */
  readonly admission?: Promise<void>;
  readonly isModern?: boolean;
  readonly limits?: Partial<ModernLimits>;
  readonly settings?: Partial<ServerSettings>;
}

/** The sessions, whose messages wait. */
function waiting(sessions: SessionOpener, admission: Promise<void>): SessionOpener {
  return {
    open: (request) => {
      const session = sessions.open(request);
      const receive = (messages: ClientMessages, reception: Reception): Promise<void> | void => {
        if (reception.isOwn === true) return session.receive(messages, reception);
        return admission.then(() => session.receive(messages, reception));
      };
      const close: Session["close"] = (reason) => session.close(reason);
      return Object.assign(Object.create(session) as Session, { id: session.id, close, receive });
    },
  };
}

function table({ admission, isModern = false, limits = {}, settings = {} }: Options = {}) {
  const { connect, servers } = fakeServers();
  const { events, emitted } = fakeEvents();
  const settingsNow = (): ServerSettings => ({ ...settingsOf(), ...settings });
  const sessions = new Sessions({
    connect,
    settingsOf: settingsNow,
    limits: LIMITS,
    records: memoryRecords(),
    clientVersion: "0",
    events,
    onListsChanged: () => undefined,
  });
  sessions.start();
  const modern = new ModernSessions({
    sessions: admission === undefined ? sessions : waiting(sessions, admission),
    connect,
    settingsOf: settingsNow,
    clientVersion: "0",
    emit: events.emit,
    limits: {
      listens: 3,
      parked: 100,
      parkedPerPrincipal: 100,
      inputMs: INPUT_MS,
      queueBytes: 4_096,
      requestMs: LIMITS.requestMs,
      ...limits,
    },
    eras: { speaks: () => isModern, of: () => Promise.reject(new Error("not asked")), learn: () => undefined },
  });
  return { modern, sessions, servers, emitted };
}

type Table = ReturnType<typeof table>;

interface CallOptions {
  readonly id?: string | number;
  readonly principal?: Principal;
  readonly capabilities?: Record<string, object>;
  readonly params?: object;
  readonly meta?: object;
  readonly checkParams?: (params: readonly HeaderParam[]) => void;
}

/** Sends one request; `client` has got what its stream has got. */
function ask(of: Table, method: string, options: CallOptions = {}) {
  const { id = 1, principal = ann, capabilities = {}, params = {}, meta = {}, checkParams = () => undefined } = options;
  const _meta = {
    [`${PREFIX}protocolVersion`]: "2026-07-28",
    [`${PREFIX}clientCapabilities`]: capabilities,
    ...meta,
  };
  const text = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
  const [frame] = readClientMessages(text).frames;
  if (frame?.kind !== "request") throw new Error("no request");
  const client = new FakeClient();
  const logLevel = (meta as Record<string, "debug">)[`${PREFIX}logLevel`];
  const call: ModernCall = {
    principal,
    server: "files",
    requestId: "r",
    frame,
    envelope: { capabilities, logLevel },
    reply: client.replyTo(id),
    checkParams,
  };
  const cancel = of.modern.call(call);
  return { client, cancel, got: client.got as Line[] };
}

/** The server takes part in the handshake. */
function greet(server: FakeServer | undefined, capabilities: object = CAPABILITIES): void {
  const opening = sent(server, "initialize")[0];
  server?.says({
    id: opening?.id,
    result: { protocolVersion: "2025-11-25", capabilities, serverInfo: { name: "s", version: "1" } },
  });
}

const sent = (server: FakeServer | undefined, method: string): Line[] =>
  ((server?.sent ?? []) as Line[]).filter((line) => line.method === method);

/** Lets promises settle. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

/** Sends `tools/call` and answers the listing of tools that precedes the first. */
async function callTool(of: Table, name: string, options: CallOptions = {}) {
  const asked = ask(of, "tools/call", { ...options, params: { name, arguments: {}, ...options.params } });
  await settle();
  for (const server of of.servers) {
    if (sent(server, "initialize").length === 1 && !isGreeted(server)) greet(server);
    for (const listing of sent(server, "tools/list")) if (!isAnswered(server, listing)) answerTools(server, listing);
  }
  await settle();
  for (const server of of.servers) if (sent(server, "initialize").length === 1 && !isGreeted(server)) greet(server);
  await settle();
  return { ...asked, cancel: await asked.cancel };
}

const answered = new WeakSet<object>();
const isAnswered = (_server: FakeServer, line: Line): boolean => answered.has(line);
const isGreeted = (server: FakeServer): boolean => sent(server, "notifications/initialized").length > 0;
function answerTools(server: FakeServer, listing: Line): void {
  answered.add(listing);
  server.says({ id: listing.id, result: { tools: [] } });
}

describe("calls of one principal", () => {
  it("share a process, each with its own id and progress token", async () => {
    const of = table();
    const first = await callTool(of, "a", { id: "x", meta: { progressToken: "x" } });
    const second = await callTool(of, "b", { id: "x", meta: { progressToken: "x" } });
    expect(of.servers).toHaveLength(1);
    const [server] = of.servers;
    const calls = sent(server, "tools/call");
    const [one, two] = calls;
    expect(one?.id).not.toBe(two?.id);
    expect(one?.params).toEqual({ name: "a", arguments: {}, _meta: { progressToken: one?.id } });
    server?.says({ method: "notifications/progress", params: { progressToken: two?.id, progress: 1 } });
    server?.says({ id: two?.id, result: { content: ["second"] } });
    server?.says({ id: one?.id, result: { content: ["first"] } });
    expect(second.got).toMatchObject([
      { method: "notifications/progress", params: { progressToken: "x", progress: 1 } },
      { id: "x", result: { resultType: "complete", content: ["second"] } },
    ]);
    expect(first.got).toMatchObject([{ id: "x", result: { content: ["first"] } }]);
  });

  it("never meet those of another", async () => {
    const of = table();
    await callTool(of, "a", { principal: ann });
    await callTool(of, "a", { principal: bob });
    expect(of.servers).toHaveLength(2);
  });

  it("have a process each where the server's entry says so, which ends with the call", async () => {
    const of = table({ isModern: true, settings: { isolation: "call" } });
    const one = ask(of, "tools/list", { id: 1 });
    const two = ask(of, "tools/list", { id: 2 });
    expect(of.servers).toHaveLength(2);
    of.servers[0]?.says({ id: 1, result: { resultType: "complete", tools: [] } });
    await settle();
    expect(one.got).toMatchObject([{ id: 1, result: { tools: [] } }]);
    expect([of.servers[0]?.closings, of.servers[1]?.closings, of.sessions.size]).toEqual([1, 0, 1]);
    (await two.cancel)();
    await settle();
    expect([of.servers[1]?.closings, of.sessions.size]).toEqual([1, 0]);
  });

  describe("that have a process each", () => {
    const settings: Partial<ServerSettings> = { isolation: "call" };

    it("list the tools in it, so that no other is started and none stays", async () => {
      const of = table({ settings });
      const { got } = await callTool(of, "t");
      expect(of.servers).toHaveLength(1);
      const [server] = of.servers;
      const [call] = sent(server, "tools/call");
      expect([sent(server, "tools/list").length, call?.params?.name]).toEqual([1, "t"]);
      server?.says({ id: call?.id, result: { content: [] } });
      await settle();
      expect(got).toMatchObject([{ result: { resultType: "complete" } }]);
      expect([server?.closings, of.sessions.size]).toEqual([1, 0]);
    });

    it("leave none either when the headers are wrong, or when the tools cannot be listed", async () => {
      const of = table({ settings, limits: { requestMs: 5_000 } });
      const checkParams = (): void => {
        throw new GatewayError("header_mismatch", "wrong");
      };
      const wrong = ask(of, "tools/call", { params: { name: "t" }, checkParams });
      greet(of.servers[0]);
      of.servers[0]?.says({ id: sent(of.servers[0], "tools/list")[0]?.id, result: { tools: [] } });
      await expect(wrong.cancel).rejects.toMatchObject({ reason: "header_mismatch" });
      await settle();
      expect([of.servers[0]?.closings, of.sessions.size]).toEqual([1, 0]);
      const silent = ask(of, "tools/call", { params: { name: "t" } });
      greet(of.servers[1]);
      const [refusal] = await Promise.allSettled([silent.cancel, vi.advanceTimersByTimeAsync(7_000)]);
      expect(refusal).toMatchObject({ reason: { reason: "call_timeout" } });
      expect([of.servers[1]?.closings, of.sessions.size]).toEqual([1, 0]);
    });

    it("keep it while they are parked, and no longer", async () => {
      const of = table({ settings });
      const call = await callTool(of, "t", { capabilities: ASKABLE });
      of.servers[0]?.says({ id: "q1", method: "elicitation/create", params: { message: "Name?" } });
      await vi.advanceTimersByTimeAsync(30);
      expect(of.sessions.size).toBe(1);
      await vi.advanceTimersByTimeAsync(INPUT_MS);
      expect([of.servers[0]?.closings, of.sessions.size]).toEqual([1, 0]);
      const params = { requestState: call.got[0]?.result?.requestState, inputResponses: {} };
      const late = await callTool(of, "t", { id: 2, capabilities: ASKABLE, params });
      expect(late.got).toMatchObject([{ error: { data: { reason: "invalid_request_state" } } }]);
      await settle();
      expect([of.servers.length, of.sessions.size]).toEqual([2, 0]);
    });

    it("are called again after their user has visited a URL, in another process", async () => {
      const of = table({ settings });
      const capabilities = { elicitation: { url: {} } };
      const { got } = await callTool(of, "t", { capabilities });
      const data = { elicitations: [{ mode: "url", url: "https://x", elicitationId: "e", message: "m" }] };
      const [server] = of.servers;
      server?.says({ id: sent(server, "tools/call")[0]?.id, error: { code: -32042, message: "url", data } });
      await settle();
      expect(of.sessions.size).toBe(0);
      const inputResponses = { elicitation_1: { action: "accept" } };
      const params = { requestState: got[0]?.result?.requestState, inputResponses };
      await callTool(of, "t", { id: 2, capabilities, params });
      expect(sent(of.servers[1], "tools/call")).toHaveLength(1);
    });
  });

  it("are relayed as they came to a server of their revision", () => {
    const of = table({ isModern: true });
    const { got } = ask(of, "com.example/own", { id: "a", params: { n: 1 }, meta: { traceparent: "00-1" } });
    expect(of.servers[0]?.sent).toEqual([
      {
        jsonrpc: "2.0",
        id: 1,
        method: "com.example/own",
        params: {
          n: 1,
          _meta: {
            [`${PREFIX}protocolVersion`]: "2026-07-28",
            [`${PREFIX}clientCapabilities`]: {},
            traceparent: "00-1",
          },
        },
      },
    ]);
    of.servers[0]?.says({ id: 1, result: { resultType: "own", x: 1 } });
    expect(got).toEqual([{ jsonrpc: "2.0", id: "a", result: { resultType: "own", x: 1 } }]);
  });

  it("may be as many as limits.inFlight allows, and fail together with the process", async () => {
    const of = table({ isModern: true });
    const calls = Array.from({ length: 8 }, (_, index) => ask(of, "prompts/list", { id: index }));
    expect(() => ask(of, "prompts/list", { id: 9 })).toThrow(expect.objectContaining({ reason: "queue_full" }));
    of.servers[0]?.listener.ended(new GatewayError("process_exited", "It has ended."));
    for (const [index, { got }] of calls.entries())
      expect(got).toMatchObject([{ id: index, error: { code: -32603, data: { reason: "process_exited" } } }]);
    expect(of.sessions.size).toBe(0);
    ask(of, "prompts/list");
    expect(of.servers).toHaveLength(2);
  });

  it("are cancelled when nobody waits any more, and their late answers dropped", async () => {
    const of = table();
    const { cancel, got, client } = await callTool(of, "slow");
    cancel();
    cancel();
    const [server] = of.servers;
    const [call] = sent(server, "tools/call");
    expect(sent(server, "notifications/cancelled")).toMatchObject([{ params: { requestId: call?.id } }]);
    server?.says({ id: call?.id, result: {} });
    expect([got, client.cancelledIds]).toEqual([[], [1]]);
  });

  it("leave a process that ends when it has been idle", async () => {
    const of = table({ isModern: true });
    ask(of, "prompts/list");
    of.servers[0]?.says({ id: 1, result: {} });
    await vi.advanceTimersByTimeAsync(LIMITS.idleMs + 20_000);
    expect([of.servers[0]?.closings, of.sessions.size]).toEqual([1, 0]);
  });

  it("wait for a server that neither greets nor answers as long as limits.start says", async () => {
    const of = table();
    const { got } = ask(of, "prompts/list");
    await vi.advanceTimersByTimeAsync(LIMITS.startMs + 2_000);
    expect(got).toMatchObject([{ error: { data: { reason: "start_timeout" } } }]);
    expect([of.servers[0]?.closings, of.sessions.size]).toEqual([1, 0]);
  });

  it("have all their time from the moment on at which the server has started", async () => {
    const of = table();
    const { got } = ask(of, "prompts/list");
    await vi.advanceTimersByTimeAsync(80_000);
    greet(of.servers[0]);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(got).toEqual([]);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(got).toMatchObject([{ error: { data: { reason: "call_timeout" } } }]);
    expect(of.servers[0]?.closings).toBe(0);
  });

  it("fail with what a server says that refuses to be initialized", () => {
    const of = table();
    const { got } = ask(of, "prompts/list");
    const [server] = of.servers;
    server?.says({ id: sent(server, "initialize")[0]?.id, error: { code: -32603, message: "no" } });
    expect(got).toMatchObject([{ error: { data: { reason: "spawn_failed", rpc: { message: "no" } } } }]);
    expect(of.sessions.size).toBe(0);
  });

  it("start no more processes than the limits of sessions allow", async () => {
    const refusal = expect.objectContaining({ reason: "too_many_sessions" });
    const of = table();
    for (let call = 0; call < 4; call++) await callTool(of, "asks", { capabilities: ASKABLE });
    expect(of.servers).toHaveLength(4);
    expect(() => ask(of, "tools/call", { capabilities: ASKABLE, params: { name: "asks" } })).toThrow(refusal);
    expect(of.sessions.size).toBe(4);
  });
});

describe("a call that has to wait for its admission", () => {
  it("is passed on then, and can be cancelled", async () => {
    const of = table({ isModern: true, admission: Promise.resolve() });
    const { cancel, got } = ask(of, "prompts/list", { id: "a" });
    expect(of.servers).toEqual([]);
    (await cancel)();
    expect(sent(of.servers[0], "notifications/cancelled")).toHaveLength(1);
    ask(of, "prompts/list", { id: "b" });
    await settle();
    of.servers[0]?.says({ id: 1, result: {} });
    expect(got).toEqual([]);
  });

  it("leaves nothing behind when it is refused", async () => {
    const refusal = new GatewayError("unauthorized", "no");
    const of = table({ isModern: true, admission: Promise.reject(refusal) });
    const refused = await Promise.allSettled([1, 2].map(async (id) => ask(of, "prompts/list", { id }).cancel));
    expect(refused).toMatchObject([{ reason: refusal }, { reason: refusal }]);
    await settle();
    expect([of.servers, of.sessions.size]).toEqual([[], 0]);
  });
});

describe("a tool that wants arguments repeated in headers", () => {
  const inputSchema = { type: "object", properties: { r: { type: "string", "x-mcp-header": "Region" } } };

  it("is known before its first call is passed on, and after the tools have changed", async () => {
    const of = table({ isModern: true });
    const seen: unknown[] = [];
    const call = (): ReturnType<typeof ask> =>
      ask(of, "tools/call", { params: { name: "t" }, checkParams: (params) => seen.push(params) });
    const first = call();
    const [server] = of.servers;
    expect(sent(server, "tools/call")).toEqual([]);
    server?.says({ id: 1, result: { tools: [{ name: "s", inputSchema }], nextCursor: "2" } });
    await settle();
    server?.says({ id: 2, result: { tools: [{ name: "t", inputSchema }] } });
    await first.cancel;
    expect(seen).toEqual([[{ header: "Mcp-Param-Region", path: ["r"] }]]);
    expect(sent(server, "tools/list")[1]?.params).toMatchObject({ cursor: "2" });
    call();
    expect(sent(server, "tools/call")).toHaveLength(2);
    server?.says({ method: "notifications/tools/list_changed" });
    call();
    expect(sent(server, "tools/list")).toHaveLength(3);
  });

  it("is not called when its headers are wrong, or when that cannot be known", async () => {
    const of = table({ isModern: true });
    const checkParams = (): void => {
      throw new GatewayError("header_mismatch", "wrong");
    };
    const wrong = ask(of, "tools/call", { params: { name: "t" }, checkParams });
    of.servers[0]?.says({ id: 1, result: { tools: [] } });
    await expect(wrong.cancel).rejects.toMatchObject({ reason: "header_mismatch" });
    const unknown = ask(table({ isModern: true }), "tools/call", { params: { name: "t" } });
    const [refusal] = await Promise.allSettled([unknown.cancel, vi.advanceTimersByTimeAsync(LIMITS.startMs + 2_000)]);
    expect(refusal).toMatchObject({ reason: { reason: "start_timeout" } });
    // It has started, and lists nothing.
    const slow = table({ limits: { requestMs: 5_000 } });
    const silent = ask(slow, "tools/call", { params: { name: "t" } });
    greet(slow.servers[0]);
    const [timeout] = await Promise.allSettled([silent.cancel, vi.advanceTimersByTimeAsync(7_000)]);
    expect(timeout).toMatchObject({ reason: { reason: "call_timeout" } });
  });
});

describe("a server of an older revision", () => {
  it("is not asked what its clients must not ask any more", async () => {
    const of = table();
    const discovered = ask(of, "server/discover");
    greet(of.servers[0]);
    expect(discovered.got).toMatchObject([
      { result: { supportedVersions: ["2026-07-28"], capabilities: CAPABILITIES } },
    ]);
    for (const method of ["ping", "initialize", "logging/setLevel", "resources/subscribe", "tasks/get"])
      expect(ask(of, method).got).toMatchObject([{ id: 1, error: { code: -32601 } }]);
    expect(of.servers[0]?.sent).toHaveLength(2);
  });

  it("gets its ping back, and its garbage ignored", async () => {
    const of = table();
    const { got } = ask(of, "prompts/list");
    greet(of.servers[0]);
    of.servers[0]?.says({ id: 77, method: "ping" });
    of.servers[0]?.says({ id: 5000, result: {} });
    of.servers[0]?.says({ method: "notifications/progress", params: { progressToken: "x" } });
    expect(of.servers[0]?.sent.at(-1)).toEqual({ jsonrpc: "2.0", id: 77, result: {} });
    of.servers[0]?.listener.badMessage(1, new GatewayError("protocol_violation", "bad"));
    expect(got).toMatchObject([{ id: 1, error: { data: { reason: "protocol_violation" } } }]);
  });

  it("logs to a call that wants it and is alone", async () => {
    const of = table();
    const log = (level: string): void =>
      of.servers[0]?.says({ method: "notifications/message", params: { level, data: "d" } });
    const one = await callTool(of, "a", { meta: { [`${PREFIX}logLevel`]: "warning" } });
    expect(sent(of.servers[0], "logging/setLevel")).toMatchObject([{ params: { level: "debug" } }]);
    log("info");
    log("error");
    const two = await callTool(of, "b");
    log("error");
    expect(one.got).toMatchObject([{ method: "notifications/message", params: { level: "error" } }]);
    const [, call] = sent(of.servers[0], "tools/call");
    of.servers[0]?.says({ id: call?.id, result: {} });
    expect(two.got).toHaveLength(1);
    log("error");
    expect(one.got).toHaveLength(2);
  });

  it("that has forgotten the session gets a new one, and what it has not run is sent again, once", async () => {
    const of = table();
    const listening = ask(of, "subscriptions/listen", {
      id: "l",
      params: { notifications: { resourceSubscriptions: ["a:b"] } },
    });
    greet(of.servers[0]);
    const lost = await callTool(of, "lost", { id: 5 });
    const begun = await callTool(of, "begun", { id: 6 });
    const [first] = of.servers;
    const frames = (first?.frames ?? []).filter((frame) => frame.kind === "request" && frame.method === "tools/call");
    const open = frames.map((frame, index) => ({ frame: frame as RequestFrame, mayHaveRun: index === 1 }));
    const error = new GatewayError("session_ended", "It has forgotten the session.");
    first?.listener.ended(error, open);
    expect([of.servers.length, first?.closings, lost.got]).toEqual([2, 1, []]);
    expect(begun.got).toMatchObject([{ id: 6, error: { data: { reason: "session_ended" } } }]);
    const [, second] = of.servers;
    expect(sent(second, "tools/call")).toEqual([]);
    greet(second);
    expect(sent(second, "resources/subscribe")).toMatchObject([{ params: { uri: "a:b" } }]);
    second?.says({ id: sent(second, "tools/call")[0]?.id, result: { content: [] } });
    expect(lost.got).toMatchObject([{ id: 5, result: { resultType: "complete", content: [] } }]);
    second?.says({ method: "notifications/resources/updated", params: { uri: "a:b" } });
    expect(listening.got.at(-1)).toMatchObject({ method: "notifications/resources/updated" });
    // Forgotten again: what was sent twice is not sent a third time.
    const again = await callTool(of, "again", { id: 7 });
    const last = (second?.frames ?? []).filter((frame): frame is RequestFrame => frame.kind === "request").at(-1);
    if (last === undefined) throw new Error("nothing was sent");
    second?.listener.ended(error, [{ frame: last, mayHaveRun: false }]);
    greet(of.servers[2]);
    of.servers[2]?.listener.ended(error, [{ frame: last, mayHaveRun: false }]);
    expect(again.got).toMatchObject([{ id: 7, error: { data: { reason: "session_ended" } } }]);
    expect([of.servers.length, of.sessions.size]).toEqual([3, 0]);
  });

  it("that needs what its client cannot do makes the call fail with what is missing, if it fails", async () => {
    const of = table();
    const [server] = [of.servers];
    const failing = await callTool(of, "a");
    server[0]?.says({ id: "q", method: "sampling/createMessage", params: {} });
    expect(server[0]?.sent.at(-1)).toMatchObject({ id: "q", error: { code: -32601 } });
    server[0]?.says({ id: sent(server[0], "tools/call")[0]?.id, result: { isError: true, content: [] } });
    expect(failing.got).toMatchObject([{ error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } } }]);
    const managing = await callTool(of, "b");
    server[0]?.says({ id: "q", method: "sampling/createMessage", params: {} });
    server[0]?.says({ id: sent(server[0], "tools/call")[1]?.id, result: { content: [] } });
    expect(managing.got).toMatchObject([{ result: { resultType: "complete", content: [] } }]);
  });
});

describe("a call whose server asks", () => {
  /** A call of the tool "t" that has been asked for a name, and parked. */
  async function parked(of: Table, options: CallOptions = {}) {
    const call = await callTool(of, "t", { capabilities: ASKABLE, ...options });
    const server = of.servers.at(-1);
    server?.says({ id: "q1", method: "elicitation/create", params: { message: "Name?" } });
    await vi.advanceTimersByTimeAsync(30);
    const result = call.got[0]?.result;
    expect(result).toMatchObject({
      resultType: "input_required",
      inputRequests: { elicitation_1: { method: "elicitation/create", params: { message: "Name?" } } },
    });
    return { ...call, server, state: result?.requestState ?? "" };
  }
  const retry = (of: Table, state: unknown, inputResponses: unknown, more: CallOptions = {}) =>
    callTool(of, "t", { id: 2, capabilities: ASKABLE, ...more, params: { requestState: state, inputResponses } });
  const NAME = { elicitation_1: { action: "accept", content: { name: "Ann" } } };

  it("goes on where it stopped, as often as it is asked", async () => {
    const of = table();
    const { server, state } = await parked(of);
    expect(sent(server, "initialize")[0]?.params).toMatchObject({ capabilities: inputCapabilities(ASKABLE) });
    const second = await retry(of, state, NAME);
    expect(sent(server, "tools/call")).toHaveLength(1);
    expect(server?.sent.at(-1)).toEqual({ jsonrpc: "2.0", id: "q1", result: NAME.elicitation_1 });
    server?.says({ id: "q2", method: "roots/list" });
    server?.says({ id: "q3", method: "sampling/createMessage", params: { maxTokens: 1 } });
    await vi.advanceTimersByTimeAsync(30);
    const again = second.got[0]?.result;
    expect(Object.keys((again as unknown as { inputRequests: object }).inputRequests)).toEqual([
      "roots_2",
      "sampling_3",
    ]);
    const third = await retry(
      of,
      again?.requestState,
      { roots_2: { roots: [] }, sampling_3: { model: "m" } },
      { id: 3 },
    );
    const [call] = sent(server, "tools/call");
    server?.says({ method: "notifications/progress", params: { progressToken: call?.id, progress: 1 } });
    server?.says({ id: call?.id, result: { content: [] } });
    expect(third.got).toMatchObject([{ id: 3, result: { resultType: "complete", content: [] } }]);
    expect(of.servers).toHaveLength(1);
  });

  it("has the process for itself meanwhile, which others wait for no longer than a start", async () => {
    const of = table();
    const { server } = await parked(of);
    await callTool(of, "t", { id: 9, capabilities: ASKABLE });
    expect(of.servers).toHaveLength(2);
    expect(sent(server, "tools/call")).toHaveLength(1);
    // What asks nothing does not need a process of its own.
    ask(of, "prompts/list", { capabilities: ASKABLE });
    expect(sent(server, "prompts/list")).toHaveLength(1);
  });

  it("is ended when its caller has too many that wait, the oldest first, and so is its process", async () => {
    const of = table({ limits: { parkedPerPrincipal: 2 } });
    const first = await parked(of, { id: 1 });
    const second = await parked(of, { id: 2 });
    const third = await parked(of, { id: 3 });
    expect(sent(first.server, "notifications/cancelled")).toHaveLength(1);
    expect(first.server?.sent.at(-1)).toMatchObject({ id: "q1", error: {} });
    const { got } = await retry(of, first.state, NAME, { id: 4 });
    expect(got).toMatchObject([{ id: 4, error: { code: -32602, data: { reason: "invalid_request_state" } } }]);
    // The process that all calls of the caller share is kept, and the next call is parked there.
    expect([first.server?.closings, of.servers.length]).toEqual([0, 3]);
    await callTool(of, "t", { id: 5, capabilities: ASKABLE });
    first.server?.says({ id: "q2", method: "elicitation/create", params: {} });
    await vi.advanceTimersByTimeAsync(30);
    expect([second.server?.closings, third.server?.closings, of.sessions.size]).toEqual([1, 0, 2]);
    // Whoever has come back is not counted any more.
    await retry(of, third.state, NAME, { id: 6 });
    third.server?.says({ id: sent(third.server, "tools/call")[0]?.id, result: {} });
    await callTool(of, "t", { id: 7, capabilities: ASKABLE });
    third.server?.says({ id: "q3", method: "elicitation/create", params: {} });
    await vi.advanceTimersByTimeAsync(30);
    expect([sent(first.server, "notifications/cancelled").length, of.sessions.size]).toEqual([1, 2]);
  });

  it("is not ended by the calls of others while somebody has more", async () => {
    const of = table({ limits: { parked: 2 } });
    const annsFirst = await parked(of, { id: 1 });
    const annsSecond = await parked(of, { id: 2 });
    const bobs = await parked(of, { id: 3, principal: bob });
    expect(sent(annsFirst.server, "notifications/cancelled")).toHaveLength(1);
    expect(sent(annsSecond.server, "notifications/cancelled")).toHaveLength(0);
    await retry(of, bobs.state, NAME, { id: 4, principal: bob });
    expect(bobs.server?.sent.at(-1)).toEqual({ jsonrpc: "2.0", id: "q1", result: NAME.elicitation_1 });
  });

  it("is over when its process gets another in its place, whose client is not asked what it was", async () => {
    const of = table({ limits: { parkedPerPrincipal: 2 } });
    const { server, state } = await parked(of);
    // A policy that hides the tool meanwhile has another name called, without anything else of the request.
    const [opened] = of.emitted.flatMap((event) => (event.type === "session.opened" ? [event.sessionId] : []));
    const other = of.sessions.look(ann, "files", opened ?? "", "modern");
    const client = new FakeClient();
    const line = JSON.stringify({
      jsonrpc: "2.0",
      id: 50,
      method: "tools/call",
      params: { name: "none", arguments: {} },
    });
    void other?.receive(readClientMessages(line), { requestId: "r", reply: client.replyTo(50) });
    expect(sent(server, "notifications/cancelled")).toHaveLength(1);
    expect(server?.sent).toContainEqual(expect.objectContaining({ id: "q1", error: expect.anything() }));
    await vi.advanceTimersByTimeAsync(30);
    expect(client.got).toEqual([]);
    server?.says({ id: sent(server, "tools/call")[1]?.id, result: { content: [] } });
    expect(client.got).toMatchObject([{ id: 50, result: { resultType: "complete" } }]);
    const { got } = await retry(of, state, NAME);
    expect(got).toMatchObject([{ error: { data: { reason: "invalid_request_state" } } }]);
  });

  it("is asked again for what is missing or no answer", async () => {
    const of = table();
    const { server, state } = await parked(of);
    const second = await retry(of, state, { wrong_key: {}, elicitation_1: 5 });
    expect(second.got).toMatchObject([
      { id: 2, result: { resultType: "input_required", inputRequests: { elicitation_1: {} } } },
    ]);
    const third = await retry(of, second.got[0]?.result?.requestState, NAME, { id: 3 });
    server?.says({ id: sent(server, "tools/call")[0]?.id, result: {} });
    expect(third.got).toMatchObject([{ id: 3, result: { resultType: "complete" } }]);
  });

  it.each<[string, (state: string) => unknown, CallOptions]>([
    ["was tampered with", (state) => `${state}x`, {}],
    ["is no text", () => 5, {}],
    ["belongs to another principal", (state) => state, { principal: bob }],
    ["belongs to another call", (state) => state, { params: { name: "u" } }],
    ["comes from a client that can be asked nothing", (state) => state, { capabilities: {} }],
  ])("is refused with a state that %s", async (_what, change, options) => {
    const of = table();
    const { state, server } = await parked(of);
    const params = { requestState: change(state), inputResponses: NAME, ...options.params };
    const { got } = await callTool(of, "t", { id: 2, capabilities: ASKABLE, ...options, params });
    expect(got).toMatchObject([{ id: 2, error: { code: -32602, data: { reason: "invalid_request_state" } } }]);
    expect(server?.sent.at(-1)).not.toMatchObject({ id: "q1" });
  });

  it("is refused with a state that was used before, or too late", async () => {
    const of = table();
    const { state, server } = await parked(of);
    await retry(of, state, NAME);
    const repeated = await retry(of, state, NAME, { id: 3 });
    expect(repeated.got).toMatchObject([{ id: 3, error: { code: -32602 } }]);
    server?.says({ id: "q2", method: "elicitation/create", params: {} });
    await vi.advanceTimersByTimeAsync(30);
    await vi.advanceTimersByTimeAsync(INPUT_MS);
    const [call] = sent(server, "tools/call");
    expect(sent(server, "notifications/cancelled")).toMatchObject([{ params: { requestId: call?.id } }]);
    expect(server?.sent.at(-1)).toMatchObject({ id: "q2", error: {} });
    const late = await retry(of, state, NAME, { id: 4 });
    expect(late.got).toMatchObject([{ id: 4, error: { code: -32602 } }]);
    await callTool(of, "t", { id: 5, capabilities: ASKABLE });
    expect(of.servers).toHaveLength(1);
  });

  it("ends with its process, and nothing of it is left", async () => {
    const of = table();
    const { state, server } = await parked(of);
    server?.listener.ended(new GatewayError("process_exited", "It has ended."));
    expect(of.sessions.size).toBe(0);
    const { got } = await retry(of, state, NAME);
    expect(got).toMatchObject([{ id: 2, error: { code: -32602, data: { reason: "invalid_request_state" } } }]);
  });

  it("gets the answer that its server gave while it was parked", async () => {
    const of = table();
    const { state, server } = await parked(of);
    server?.says({ id: sent(server, "tools/call")[0]?.id, result: { content: ["gave up waiting"] } });
    const { got } = await retry(of, state, NAME);
    expect(got).toMatchObject([{ id: 2, result: { content: ["gave up waiting"] } }]);
  });

  it("is called again after its user has visited a URL", async () => {
    const of = table();
    const capabilities = { elicitation: { url: {} } };
    const { got } = await callTool(of, "t", { capabilities });
    const data = { elicitations: [{ mode: "url", url: "https://x", elicitationId: "e", message: "m" }] };
    const [server] = of.servers;
    server?.says({ id: sent(server, "tools/call")[0]?.id, error: { code: -32042, message: "url", data } });
    expect(got).toMatchObject([
      { result: { resultType: "input_required", inputRequests: { elicitation_1: { params: { url: "https://x" } } } } },
    ]);
    const inputResponses = { elicitation_1: { action: "accept" } };
    const params = { requestState: got[0]?.result?.requestState, inputResponses };
    const second = await callTool(of, "t", { id: 2, capabilities, params });
    server?.says({ id: sent(server, "tools/call")[1]?.id, result: { content: [] } });
    expect(second.got).toMatchObject([{ id: 2, result: { resultType: "complete" } }]);
  });

  it("cannot be asked without end", async () => {
    const of = table();
    await callTool(of, "t", { capabilities: ASKABLE });
    const [server] = of.servers;
    for (let n = 0; n < 70; n++) server?.says({ id: `q${n}`, method: "elicitation/create", params: {} });
    expect(server?.sent.slice(-6)).toMatchObject(Array.from({ length: 6 }, () => ({ error: {} })));
  });

  it("leaves nothing behind when its client goes away while it runs", async () => {
    const of = table();
    const { cancel, server } = { ...(await callTool(of, "t", { capabilities: ASKABLE })), server: of.servers[0] };
    server?.says({ id: "q1", method: "elicitation/create", params: {} });
    cancel();
    expect(server?.sent.slice(-2)).toMatchObject([{ method: "notifications/cancelled" }, { id: "q1", error: {} }]);
    await vi.advanceTimersByTimeAsync(1_000);
    await callTool(of, "t", { capabilities: ASKABLE });
    expect(of.servers).toHaveLength(1);
  });
});

describe("a listen", () => {
  const listen = (of: Table, id: string | number, notifications: object) =>
    ask(of, "subscriptions/listen", { id, params: { notifications } });

  it("is acknowledged, tagged with its own id, and does not count as a call", async () => {
    const of = table();
    const one = listen(of, "1", { toolsListChanged: true, resourceSubscriptions: ["a:b"] });
    const two = listen(of, 1, { resourceSubscriptions: ["a:b"] });
    const [server] = of.servers;
    greet(server);
    expect(sent(server, "resources/subscribe")).toHaveLength(1);
    server?.says({ method: "notifications/tools/list_changed" });
    server?.says({ method: "notifications/resources/updated", params: { uri: "a:b" } });
    const id = ({ params = {} }: Line): unknown =>
      (params["_meta"] as Record<string, unknown>)[`${PREFIX}subscriptionId`];
    expect(one.got.map((line) => [line.method, id(line)])).toEqual([
      ["notifications/subscriptions/acknowledged", "1"],
      ["notifications/tools/list_changed", "1"],
      ["notifications/resources/updated", "1"],
    ]);
    expect(two.got.map((line) => [line.method, id(line)])).toEqual([
      ["notifications/subscriptions/acknowledged", 1],
      ["notifications/resources/updated", 1],
    ]);
    (await one.cancel)();
    expect(sent(server, "resources/unsubscribe")).toEqual([]);
    (await two.cancel)();
    expect(sent(server, "resources/unsubscribe")).toHaveLength(1);
  });

  it("lasts longer than any call, but does not keep a process for its caller", async () => {
    const of = table();
    const { got } = listen(of, 7, { toolsListChanged: true });
    greet(of.servers[0]);
    await vi.advanceTimersByTimeAsync(LIMITS.requestMaxMs + 60_000);
    expect(got).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(LIMITS.idleMs);
    expect(got[1]).toEqual({
      jsonrpc: "2.0",
      id: 7,
      result: { resultType: "complete", _meta: { [`${PREFIX}subscriptionId`]: 7 } },
    });
    expect(of.sessions.size).toBe(0);
  });

  it("is ended, not failed, when the gateway shuts down", async () => {
    const of = table();
    const { got } = listen(of, "x", {});
    greet(of.servers[0]);
    await of.sessions.drain(0);
    expect(got[1]).toMatchObject({ id: "x", result: { resultType: "complete" } });
    expect(() => ask(of, "prompts/list")).toThrow(expect.objectContaining({ reason: "draining" }));
  });

  it("of 10,000 is refused beyond limits.listens, calls still pass, and nothing is left in the end", async () => {
    const of = table();
    const open: { cancel: unknown }[] = [];
    const refusals = new Set<unknown>();
    let refused = 0;
    for (let n = 0; n < 10_000; n++) {
      try {
        open.push(listen(of, n, { resourceSubscriptions: [`a:${n}`] }));
      } catch (error) {
        refusals.add((error as GatewayError).reason);
        refused++;
      }
    }
    greet(of.servers[0]);
    expect([open.length, refused, [...refusals], of.servers.length]).toEqual([3, 9_997, ["queue_full"], 1]);
    const { got } = ask(of, "prompts/list");
    of.servers[0]?.says({ id: sent(of.servers[0], "prompts/list")[0]?.id, result: {} });
    expect(got).toHaveLength(1);
    for (const { cancel } of open) (cancel as () => void)();
    expect(sent(of.servers[0], "resources/unsubscribe")).toHaveLength(3);
    open.push(listen(of, 1, {}));
  });

  it("ends with an error when its process does", () => {
    const of = table();
    const { got } = listen(of, 7, {});
    greet(of.servers[0]);
    of.servers[0]?.listener.ended(new GatewayError("process_exited", "It has ended."));
    expect(got[1]).toMatchObject({ id: 7, error: { data: { reason: "process_exited" } } });
  });

  it("hears what another process of its caller announces", async () => {
    const of = table();
    const heard = ask(of, "subscriptions/listen", {
      capabilities: ASKABLE,
      params: { notifications: { toolsListChanged: true } },
    });
    greet(of.servers[0]);
    await callTool(of, "t", { capabilities: ASKABLE });
    await callTool(of, "t", { capabilities: ASKABLE });
    expect(of.servers).toHaveLength(2);
    of.servers[1]?.says({ method: "notifications/tools/list_changed" });
    expect(heard.got.at(-1)).toMatchObject({ method: "notifications/tools/list_changed" });
  });

  it("over a server of its own revision is relayed", async () => {
    const of = table({ isModern: true });
    const { got, cancel } = listen(of, "mine", { toolsListChanged: true });
    const [server] = of.servers;
    const meta = { [`${PREFIX}subscriptionId`]: 1 };
    server?.says({ method: "notifications/subscriptions/acknowledged", params: { _meta: meta } });
    server?.says({
      method: "notifications/tools/list_changed",
      params: { _meta: { [`${PREFIX}subscriptionId`]: 99 } },
    });
    server?.says({ id: 5, method: "roots/list" });
    expect(server?.sent.at(-1)).toMatchObject({ id: 5, error: { code: -32601 } });
    expect(got).toMatchObject([{ params: { _meta: { [`${PREFIX}subscriptionId`]: "mine" } } }]);
    (await cancel)();
    expect(sent(server, "notifications/cancelled")).toMatchObject([{ params: { requestId: 1 } }]);
  });
});
