import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { anyEra, DISCOVERED, INITIALIZE, INITIALIZED_AS, REFUSAL } from "./era-fakes.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LEGACY = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };
const EXITED = new GatewayError("process_exited", "It exited.");
const CALL = { id: 1, method: "tools/call", params: { name: "t" } };

describe("a server that accepts initialize", () => {
  it("hears and says everything as it is", () => {
    const { open, eras } = anyEra();
    const { say, at, heard, upstream } = open();
    const lines = ['{"jsonrpc":"2.0","id":0,"method":"initialize"}', '{"jsonrpc":"2.0","id":1,"method":"ping"}'];
    say(JSON.parse(lines[0] ?? "") as object);
    at(0).says({ method: "notifications/message", params: { data: "starting" } });
    at(0).says({ id: 0, result: LEGACY });
    say(JSON.parse(lines[1] ?? "") as object);
    at(0).says({ id: 1, error: { code: -32022, message: "its own", data: { supported: ["2026-07-28"] } } });
    at(0).says({ id: 9, method: "roots/list" });
    expect(at(0).lines.map((line) => JSON.parse(line) as object)).toEqual(
      lines.map((line) => JSON.parse(line) as object),
    );
    expect(heard.messages).toMatchObject([
      { method: "notifications/message" },
      { result: LEGACY },
      { error: {} },
      { id: 9 },
    ]);
    expect(eras.speaks("s", "legacy")).toBe(true);
    at(0).listener.badMessage(3, EXITED);
    at(0).listener.ended(EXITED);
    expect([heard.errors, heard.ends]).toEqual([[[3, EXITED]], [EXITED]]);
    upstream.pause();
    expect(at(0).isPaused).toBe(true);
  });

  it("is connected to directly when its entry says legacy", () => {
    const { open } = anyEra("legacy");
    const { say, at, heard } = open();
    say(INITIALIZE);
    at(0).says({ id: 0, error: REFUSAL });
    expect(heard.messages).toEqual([{ id: 0, error: REFUSAL }]);
    expect(at(0).sent).toHaveLength(1);
  });
});

describe("a server that refuses initialize", () => {
  it("and names the modern revision goes on as modern, and its client does not notice", () => {
    const { open, eras, servers } = anyEra();
    const { say, heard, answers, last, sent } = open();
    say(INITIALIZE);
    answers({ error: REFUSAL });
    expect(heard.messages).toEqual([]);
    expect(last()).toMatchObject({
      method: "server/discover",
      params: {
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": { elicitation: {}, sampling: {}, roots: {} },
          "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
        },
      },
    });
    answers({ result: DISCOVERED });
    expect(heard.messages).toEqual([{ id: 0, result: INITIALIZED_AS }]);
    expect([eras.speaks("s", "legacy"), eras.speaks("s", "modern"), servers.length]).toEqual([false, true, 1]);
    say({ ...CALL });
    expect(sent().at(-1)).toMatchObject({ id: 1, params: { name: "t", _meta: {} } });
  });

  it.each([-32601, -32602, -32600])("with %i is asked too, because it may be modern", (code) => {
    const { open } = anyEra();
    const { say, heard, answers } = open();
    say(INITIALIZE);
    answers({ error: { code, message: "What?" } });
    answers({ result: DISCOVERED });
    expect(heard.messages).toEqual([{ id: 0, result: INITIALIZED_AS }]);
  });

  const refusal = { code: -32602, message: "No." };
  it.each([
    ["says no again", (all: Opened) => all.answers({ error: { code: -32601, message: "What?" } })],
    ["answers nonsense", (all: Opened) => all.answers({ result: { capabilities: 7 } })],
    ["answers something that cannot be read", (all: Opened) => all.at(0).listener.badMessage(all.last().id, EXITED)],
    ["says nothing", () => vi.advanceTimersByTime(2_000)],
    ["exits", (all: Opened) => all.at(0).listener.ended(EXITED)],
  ])("and then %s has refused it", (_what, then) => {
    const { open } = anyEra();
    const all = open();
    all.say(INITIALIZE);
    all.answers({ error: refusal });
    then(all);
    expect(all.heard.messages).toEqual([{ id: 0, error: refusal }]);
    vi.advanceTimersByTime(10_000);
    expect(all.heard.messages).toHaveLength(1);
  });

  it("for a reason of its own is not asked", () => {
    const { open } = anyEra();
    const { say, heard, answers, sent } = open();
    say(INITIALIZE);
    answers({ error: { code: -32000, message: "No token" } });
    expect([heard.messages, sent().length]).toEqual([[{ id: 0, error: { code: -32000, message: "No token" } }], 1]);
  });

  it("and exits is started again, once, and asked as modern", () => {
    const { open } = anyEra();
    const { say, heard, answers, at, upstream } = open();
    say(INITIALIZE);
    answers({ error: REFUSAL });
    upstream.pause();
    at(0).listener.ended(EXITED);
    expect(at(1).isPaused).toBe(true);
    upstream.resume();
    answers({ result: DISCOVERED }, 1);
    expect(heard.messages).toEqual([{ id: 0, result: INITIALIZED_AS }]);
    at(1).listener.ended(EXITED);
    expect(heard.ends).toEqual([EXITED]);
  });

  it("and exits each time is given up", async () => {
    const { open } = anyEra();
    const { say, heard, answers, at, upstream } = open();
    say(INITIALIZE);
    answers({ error: REFUSAL });
    at(0).listener.ended(EXITED);
    at(1).listener.ended(EXITED);
    expect(heard.ends).toEqual([EXITED]);
    await upstream.close();
    expect([at(0).closings, at(1).closings]).toEqual([1, 1]);
  });

  it("and cannot be started again has ended", () => {
    const loop = new GatewayError("crash_loop", "It crashed too often.");
    const { open } = anyEra("auto", (start) => (start === 1 ? loop : undefined));
    const { say, heard, answers, at } = open();
    say(INITIALIZE);
    answers({ error: REFUSAL });
    at(0).listener.ended(EXITED);
    expect(heard.ends).toEqual([loop]);
  });
});

type Opened = ReturnType<ReturnType<typeof anyEra>["open"]>;

describe("a client that does not wait for the answer to initialize", () => {
  it("has what it sent too early answered once", () => {
    const { open } = anyEra();
    const { say, heard, answers, at, sent, last } = open();
    say(INITIALIZE);
    say({ method: "notifications/initialized" });
    say(CALL);
    at(0).says({ id: 0, error: REFUSAL });
    say({ ...CALL, id: 2 });
    at(0).says({ id: 1, error: REFUSAL });
    answers({ result: DISCOVERED });
    const calls = sent().filter(({ method, params }) => method === "tools/call" && params?._meta !== undefined);
    expect(calls.map(({ id }) => id)).toEqual([expect.stringMatching(/^mcp-gateway:/), 2]);
    at(0).says({ id: 1, error: REFUSAL });
    at(0).says({ id: calls[0]?.id, result: { content: [] } });
    at(0).says({ id: 2, result: { content: [] } });
    expect(heard.messages.slice(1)).toEqual([
      { id: 1, result: { content: [] } },
      { id: 2, result: { content: [] } },
    ]);
    expect(last().method).toBe("tools/call");
  });

  it("is told to wait when it sends too much", () => {
    const { open } = anyEra();
    const { say, upstream } = open();
    say(INITIALIZE);
    say({ ...CALL, params: { name: "x".repeat(1_001) } });
    expect(() => upstream.checkRoom()).toThrow(expect.objectContaining({ reason: "queue_full" }) as Error);
  });

  it("may begin with a ping, which a modern server does not know", () => {
    const { open, eras } = anyEra();
    const first = open();
    first.say({ id: 9, method: "ping" });
    first.answers({ error: REFUSAL });
    expect(first.heard.messages).toEqual([{ id: 9, result: {} }]);
    eras.learn("s", { legacy: false, modern: true });
    const second = open();
    second.say({ id: 9, method: "ping" });
    expect(second.heard.messages).toEqual([{ id: 9, result: {} }]);
    expect(second.at(0).sent).toEqual([]);
  });
});

describe("a server that is known to be modern", () => {
  it("is not sent initialize", () => {
    const { open, eras } = anyEra();
    eras.learn("s", { legacy: false, modern: true });
    const { say, heard, answers, sent } = open();
    say(INITIALIZE);
    expect(sent().map(({ method }) => method)).toEqual(["server/discover"]);
    answers({ result: DISCOVERED });
    expect(heard.messages).toEqual([{ id: 0, result: INITIALIZED_AS }]);
  });

  it("and is not any more is sent initialize, with what the client sent since", () => {
    const { open, eras } = anyEra();
    eras.learn("s", { legacy: false, modern: true });
    const { say, heard, answers, sent, at } = open();
    say(INITIALIZE);
    say(CALL);
    answers({ error: { code: -32601, message: "What?" } });
    expect(sent().slice(1)).toMatchObject([INITIALIZE, CALL]);
    at(0).says({ id: 0, result: LEGACY });
    at(0).says({ id: 1, result: {} });
    expect(heard.messages).toEqual([
      { id: 0, result: LEGACY },
      { id: 1, result: {} },
    ]);
    expect(eras.speaks("s", "legacy")).toBe(true);
  });

  it.each(["exits", "is given up"])("and %s instead of answering is tried as any other next time", async (what) => {
    const { open, eras } = anyEra();
    eras.learn("s", { legacy: false, modern: true });
    const first = open();
    first.say(INITIALIZE);
    if (what === "exits") first.at(0).listener.ended(EXITED);
    await first.upstream.close();
    const second = open();
    second.say(INITIALIZE);
    expect(second.last().method).toBe("initialize");
  });

  it("by its entry, and is not, refuses the client in its own words", () => {
    const { open } = anyEra("modern");
    const { say, heard, answers } = open();
    say(INITIALIZE);
    answers({ error: { code: -32601, message: "What?" } });
    expect(heard.messages).toEqual([{ id: 0, error: { code: -32601, message: "What?" } }]);
    const second = open();
    second.say(INITIALIZE);
    second.answers({ result: {} });
    expect(second.heard.messages).toMatchObject([{ id: 0, error: { data: { reason: "protocol_violation" } } }]);
    const third = open();
    third.say(INITIALIZE);
    third.at(0).listener.badMessage(third.last().id, EXITED);
    expect(third.heard.errors).toEqual([[0, EXITED]]);
  });
});
