import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { McpClient } from "../../src/client/mcp-client.ts";
import { admissionOf } from "../../src/protocol/admission.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { anonymous } from "../../src/protocol/principal.ts";
import { fakeEvents, fakeServers } from "../session/fakes.ts";
import type { TableLimits } from "../../src/session/sessions.ts";
import { answer, sessionsOver } from "./far-side.ts";

function conversation(limits: Partial<TableLimits> = {}) {
  const { connect, servers } = fakeServers();
  const { emitted, events } = fakeEvents();
  const sessions = sessionsOver(connect, events, limits);
  sessions.start();
  const client = new McpClient(
    sessions,
    { principal: anonymous, server: "git", transport: "rest", requestId: "r" },
    { version: "1.2.3", listingBytes: 1_000 },
  );
  /** The server is started by the first message. */
  const server = () => {
    const [only] = servers;
    if (only === undefined) throw new Error("no server was started");
    return only;
  };
  return { client, server, emitted };
}

const options = { requestId: "r" };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("the handshake is done once, however many callers ask for it", async () => {
  const { client, server } = conversation();
  const first = client.initialize("r");
  const second = client.initialize("r");
  answer(server(), "initialize", { serverInfo: { name: "git" } });
  expect(await first).toEqual({ serverInfo: { name: "git" } });
  expect(await second).toBe(await first);
  expect(server().sent).toMatchObject([
    { method: "initialize", params: { clientInfo: { name: "mcp-gateway", version: "1.2.3" } } },
    { method: "notifications/initialized" },
  ]);
});

it("a server that refuses the handshake was not started", async () => {
  const { client, server } = conversation();
  const refused = client.initialize("r");
  server().says({ id: 1, error: { code: -1, message: "no" } });
  await expect(refused).rejects.toMatchObject({
    reason: "spawn_failed",
    details: { data: { rpc: { code: -1, message: "no" } } },
  });
});

it("answers come to the calls that they belong to, whatever their order", async () => {
  const { client, server } = conversation();
  const [one, two] = [1, 2].map((n) => client.call("x/y", { n }, `{"n": ${n}}`, options));
  expect(server().lines.at(-1)).toContain('"params":{"n": 2}');
  server().says({ id: two?.id, result: { n: 2 } });
  server().says({ id: one?.id, result: { n: 1 } });
  expect((await one?.answer)?.line.toString()).toContain('"n":1');
  expect((await two?.answer)?.line.toString()).toContain('"n":2');
});

it("an error response rejects the call", async () => {
  const { client, server } = conversation();
  const asked = client.answerTo("tools/list", {}, options);
  server().says({ id: 1, error: { code: -32601, message: "unknown" } });
  await expect(asked).rejects.toMatchObject({ reason: "upstream_error" });
});

it("what a server asks of its client is declined", () => {
  const { client, server } = conversation();
  void client.call("x/y", {}, "{}", options);
  server().says({ id: "s1", method: "sampling/createMessage", params: {} });
  expect(server().sent.at(-1)).toMatchObject({ id: "s1", error: { code: -32601 } });
});

it("a call is cancelled while it waits, and not after that", async () => {
  const { client, server } = conversation();
  const { id, answer: answered } = client.call("x/y", {}, "{}", options);
  client.cancel(id, "gone", "r");
  expect(server().sent.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  await expect(answered).rejects.toMatchObject({ reason: "session_ended" });
  const { length } = server().sent;
  client.cancel(id, "gone", "r");
  expect(server().sent).toHaveLength(length);
});

it("a change of tools is reported once", () => {
  const { client, server } = conversation();
  void client.call("x/y", {}, "{}", options);
  expect(client.takeToolsChanged()).toBe(false);
  server().says({ method: "notifications/tools/list_changed" });
  expect(client.takeToolsChanged()).toBe(true);
  expect(client.takeToolsChanged()).toBe(false);
});

describe("a call with a time of its own", () => {
  /** The server has said something, so that it counts as started. */
  const started = (limits?: Partial<TableLimits>) => {
    const all = conversation({ requestMs: 300_000, requestMaxMs: 600_000, startMs: 90_000, ...limits });
    void all.client.initialize("r");
    answer(all.server(), "initialize", {});
    return all;
  };

  /** The reason why there is no answer, once there is none. */
  const call = ({ client }: ReturnType<typeof conversation>, timeoutMs: number, isWatched = false) => {
    const ended: unknown[] = [];
    const onNotification = isWatched ? () => undefined : undefined;
    const params = { _meta: { progressToken: "p" } };
    const sent = client.call("tools/call", params, JSON.stringify(params), {
      requestId: "r",
      timeoutMs,
      onNotification,
    });
    sent.answer.then(
      ({ fault }) => ended.push(fault?.reason),
      () => undefined,
    );
    return { ...sent, ended };
  };

  it.each([1, 40, 333.3, 1_001, 4_444, 61_500, 299_999, 480_000])(
    "ends at that time, whatever limits.request says: %s ms",
    async (timeoutMs) => {
      const all = started();
      await vi.advanceTimersByTimeAsync(777);
      const { ended, id } = call(all, timeoutMs);
      await vi.advanceTimersByTimeAsync(Math.ceil(timeoutMs) - 1);
      expect(ended).toEqual([]);
      await vi.advanceTimersByTimeAsync(50);
      expect(ended).toEqual(["call_timeout"]);
      expect(all.server().sent.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
      expect(all.emitted).toContainEqual(expect.objectContaining({ type: "session.timeout", method: "tools/call" }));
    },
  );

  it("is renewed by progress, and ends at its time after the last of it", async () => {
    const all = started();
    const { ended } = call(all, 2_000, true);
    await vi.advanceTimersByTimeAsync(1_500);
    all.server().says({ method: "notifications/progress", params: { progressToken: "p", progress: 1 } });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(ended).toEqual(["call_timeout"]);
  });

  it("leaves no timer behind when it is answered, or cancelled", async () => {
    const all = started();
    const timers = vi.getTimerCount();
    const [answered, cancelled] = [call(all, 5_000), call(all, 5_000)];
    expect(vi.getTimerCount()).toBe(timers + 2);
    all.server().says({ id: answered.id, result: {} });
    await answered.answer;
    all.client.cancel(cancelled.id, "gone", "r");
    await expect(cancelled.answer).rejects.toMatchObject({ reason: "session_ended" });
    expect(vi.getTimerCount()).toBe(timers);
  });

  it("that has no end is ended by none", async () => {
    const all = started({ requestMaxMs: Number.POSITIVE_INFINITY });
    const { ended } = call(all, Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(ended).toEqual([]);
  });
});

describe("a call that has to wait for its admission", () => {
  /** A client whose calls wait until the test decides. */
  async function waitingConversation() {
    const { connect, servers } = fakeServers();
    const verdicts: { admit: () => void; refuse: (error: Error) => void }[] = [];
    const admission = admissionOf([
      { admit: () => new Promise<void>((admit, refuse) => verdicts.push({ admit, refuse })) },
    ]);
    const sessions = sessionsOver(connect, fakeEvents().events, {}, admission);
    const request = { principal: anonymous, server: "git", transport: "rest", requestId: "r" } as const;
    const client = new McpClient(sessions, request, { version: "1", listingBytes: 1_000 });
    const initialized = client.initialize("r");
    answer(servers[0], "initialize", {});
    await initialized;
    const call = () =>
      client.call("tools/call", { name: "x" }, '{"name":"x"}', { requestId: "r", principal: anonymous });
    return { client, server: servers[0], verdicts, call };
  }

  it("is sent once it is admitted; the gateway's own messages need no admission", async () => {
    const { server, verdicts, call } = await waitingConversation();
    const { answer: answered } = call();
    expect(server?.sent).toHaveLength(2);
    verdicts[0]?.admit();
    await vi.waitFor(() => expect(server?.sent.at(-1)).toMatchObject({ method: "tools/call" }));
    answer(server, "tools/call", { content: [] });
    expect((await answered).failed).toBe(false);
  });

  it("fails with the reason when it is refused", async () => {
    const { verdicts, call } = await waitingConversation();
    const { answer: answered } = call();
    verdicts[0]?.refuse(new GatewayError("queue_full", "Too often."));
    await expect(answered).rejects.toThrow("Too often.");
  });

  it("can be cancelled before it is admitted", async () => {
    const { client, server, verdicts, call } = await waitingConversation();
    const { id, answer: answered } = call();
    client.cancel(id, "the caller left", "r");
    verdicts[0]?.admit();
    await expect(answered).rejects.toThrow("cancelled");
    expect(server?.sent.at(-1)).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  });
});
