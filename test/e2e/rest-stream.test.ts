import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway } from "../helpers/gateway.ts";
import { newId, problem, RestClient, textIn, type CallOptions } from "../helpers/rest-client.ts";
import type { Exchange } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// Long calls: events as they arrive, deadlines, and callers that leave.

let gateway: Awaited<ReturnType<typeof startGateway>>;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway({
    limits: { heartbeat: "100ms", start: "10s" },
    servers: {
      narrates: fixture("narrates"),
      echo: fixture("echo"),
      verbatim: fixture("verbatim"),
      slow: fixture("slow-start", { env: { START_MS: "1000" } }),
    },
  });
  rest = new RestClient(gateway.url);
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The events of a completed stream. */
async function toldBy(stream: Exchange): Promise<{ event: string; data: unknown }[]> {
  await stream.over();
  expect(stream.isComplete).toBe(true);
  return stream.events.map(({ event = "", data = "" }) => ({ event, data: JSON.parse(data) as unknown }));
}

const told = async (tool: string, args: object = {}, options: CallOptions = {}) =>
  toldBy(await rest.stream(tool, args, options));

const progress = (data: object): object => ({ event: "progress", data });
const result = (text: string): object => ({ event: "result", data: { content: [{ type: "text", text }] } });
const error = (members: object): object => ({ event: "error", data: expect.objectContaining(members) as unknown });

describe("a call that is answered by events", () => {
  const sessionId = newId();

  test("tells progress and log lines as they come, then exactly one result", async () => {
    expect(await told("narrates/story", {}, { sessionId })).toEqual([
      progress({ progress: 1, total: 2, message: "half" }),
      { event: "log", data: { level: "info", logger: "narrates", data: { text: "on the way\nin two lines" } } },
      progress({ progress: 2, total: 2 }),
      result("the end"),
    ]);
  });

  test("is a stream that nobody on the way may hold back, with an id at each event", async () => {
    const stream = await rest.stream("narrates/story", {}, { sessionId });
    await stream.over();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({ "content-type": "text/event-stream", "x-mcp-session": "reused" });
    expect(stream.headers["cache-control"]).toContain("no-transform");
    expect(new Set(stream.ids).size).toBe(stream.events.length);
  });

  test("may be asked for by ?result=stream", async () => {
    const options = { sessionId, query: { result: "stream" }, headers: { Accept: "*/*" } };
    expect(await told("narrates/story", {}, options)).toHaveLength(4);
  });

  test("brings the result as the server wrote it", async () => {
    const text = '{ "content" : [ ],"n": 12345678901234567890, "a":1.0}';
    const stream = await rest.stream("verbatim/result", { text });
    await stream.over();
    expect(stream.events.map(({ data }) => data)).toEqual([text]);
  });

  test("begins before the tool has answered, and beats while it is quiet", async () => {
    const stream = await rest.stream("narrates/meet", { name: "a", of: 2 }, { sessionId });
    await until(() => stream.comments.filter((comment) => comment === "hb").length >= 2, { what: "it beats twice" });
    expect(stream.events).toEqual([]);
    textIn(await rest.call("narrates/meet", { name: "b", of: 2 }, { sessionId }));
    expect(await toldBy(stream)).toEqual([progress({ progress: 1, message: "a" }), result("a")]);
  });

  test("ends with the tool's own error as a result", async () => {
    const failed = { content: [{ type: "text", text: "no such file" }], isError: true };
    expect(await told("narrates/failure", {}, { sessionId })).toEqual([
      progress({ progress: 1 }),
      { event: "result", data: failed },
    ]);
  });

  test("ends with a problem when the server refuses the call", async () => {
    expect(await told("narrates/error", {}, { sessionId })).toEqual([
      progress({ progress: 1 }),
      error({
        status: 502,
        code: "upstream_error",
        server: "narrates",
        tool: "error",
        type: "/problems/upstream_error",
      }),
    ]);
  });

  test("ends with a problem when the server ends", async () => {
    expect(await told("narrates/exit")).toEqual([
      progress({ progress: 1 }),
      error({ status: 502, code: "process_exited", exit: { code: 7, signal: null } }),
    ]);
  });

  test("ends with a problem when its time is over, however often the server told of progress before", async () => {
    const events = await told("narrates/stall", {}, { sessionId, query: { timeoutMs: "300" } });
    expect(events).toEqual([progress({ progress: 1 }), error({ status: 504, code: "call_timeout", retryable: true })]);
  });

  test.each([
    ["an unknown tool", "narrates/nope", {}, problem(404, "tool_not_found")],
    ["bad arguments", "narrates/meet", {}, problem(422, "invalid_arguments")],
    ["an Idempotency-Key", "narrates/story", { "Idempotency-Key": newId() }, problem(400, "invalid_request")],
  ])("is a problem with a status of its own when it cannot begin: %s", async (_what, tool, headers, expected) => {
    const answer = await rest.call(tool, {}, { sessionId, headers: { Accept: "text/event-stream", ...headers } });
    expect(answer).toMatchObject(expected);
  });
});

describe("calls in one session that run at the same time", () => {
  test("each hear their own progress and their own result", async () => {
    const sessionId = newId();
    const names = Array.from({ length: 20 }, (_, n) => `call ${n}`);
    const all = names.map((name) => told("narrates/meet", { name, of: names.length }, { sessionId }));
    expect(await Promise.all(all)).toEqual(
      names.map((name) => [progress({ progress: 1, message: name }), result(name)]),
    );
  });

  test("do so even when their callers gave them the same X-Request-Id", async () => {
    const options = { sessionId: newId(), headers: { "X-Request-Id": "one-trace-of-two-calls" } };
    const all = ["a", "b"].map((name) => told("narrates/meet", { name, of: 2 }, options));
    expect(await Promise.all(all)).toEqual(
      ["a", "b"].map((name) => [progress({ progress: 1, message: name }), result(name)]),
    );
  });
});

describe("the time for a call", () => {
  test("is the caller's, also after progress", async () => {
    await using short = await startGateway({
      limits: { request: "500ms" },
      rest: { timeout: "30s" },
      servers: { echo: fixture("echo") },
    });
    // The time between the two steps exceeds limits.request.
    const stream = await new RestClient(short.url).stream("echo/progress", { steps: 2, ms: 1_500 });
    expect((await toldBy(stream)).map(({ event }) => event)).toEqual(["progress", "progress", "result"]);
  });

  test("starts anew with each progress", async () => {
    const stream = await rest.stream("echo/progress", { steps: 6, ms: 400 }, { query: { timeoutMs: "2000" } });
    expect((await toldBy(stream)).at(-1)).toEqual(result("6 steps"));
  });

  test("ends at limits.requestMax, however much progress there is", async () => {
    await using short = await startGateway({
      limits: { request: "4s", requestMax: "4s" },
      servers: { echo: fixture("echo") },
    });
    const stream = await new RestClient(short.url).stream("echo/progress", { steps: 100, ms: 100 });
    expect((await toldBy(stream)).at(-1)).toEqual(error({ status: 504, code: "call_timeout" }));
  });
});

describe("a shutdown", () => {
  test("waits for the calls that run, of both kinds", async () => {
    const servers = { echo: fixture("echo"), commands: fixture("on-command") };
    await using leaving = await startGateway({ limits: { drain: "15s" }, servers });
    const caller = new RestClient(leaving.url);
    const sessionId = newId();
    textIn(await caller.call("commands/pid", {}, { sessionId }));
    const call = caller.call("commands/hold", { name: "a" }, { sessionId });
    const stream = await caller.stream("echo/progress", { steps: 3, ms: 500 }, { sessionId });
    await until(() => stream.events.length > 0, { what: "both run" });
    await until(async () => textIn(await caller.call("commands/holding", {}, { sessionId })) === '["a"]', {
      what: "the call is held",
    });
    leaving.signal("SIGTERM");
    expect((await toldBy(stream)).at(-1)).toEqual(result("3 steps"));
    for (const pid of leaving.children("commands")) process.kill(pid, "SIGUSR2");
    expect(textIn(await call)).toBe("released a");
    expect(await leaving.exit()).toBe(0);
  });
});

describe("a caller who leaves", () => {
  const seen = async (sessionId: string): Promise<{ stalled: number[]; cancelled: number[] }> =>
    JSON.parse(textIn(await rest.call("narrates/seen", {}, { sessionId }))) as {
      stalled: number[];
      cancelled: number[];
    };

  test("has its call cancelled at the server, and its session goes on", async () => {
    const sessionId = newId();
    const leaving = new AbortController();
    const call = rest.call("narrates/stall", {}, { sessionId, signal: leaving.signal });
    call.catch(() => "it was aborted");
    const { stalled } = await until(
      async () => {
        const now = await seen(sessionId);
        return now.stalled.length > 0 && now;
      },
      { what: "the server has the call" },
    );
    expect((await seen(sessionId)).cancelled).toEqual([]);
    leaving.abort();
    await until(async () => (await seen(sessionId)).cancelled.length > 0, { what: "the server hears of it" });
    expect((await seen(sessionId)).cancelled).toEqual(stalled);
    await expect(call).rejects.toThrow("aborted");
  });

  test("has its stream's call cancelled, too", async () => {
    const sessionId = newId();
    const stream = await rest.stream("narrates/stall", {}, { sessionId });
    await until(() => stream.events.length > 0, { what: "the server is at it" });
    stream.cut();
    await until(async () => (await seen(sessionId)).cancelled.length > 0, { what: "the server hears of it" });
    const { stalled, cancelled } = await seen(sessionId);
    expect(cancelled).toEqual(stalled);
  });

  test("has nothing cancelled that is answered already", async () => {
    const sessionId = newId();
    textIn(await rest.call("narrates/story", {}, { sessionId }));
    await told("narrates/story", {}, { sessionId });
    expect(await seen(sessionId)).toEqual({ stalled: [], cancelled: [] });
  });

  test("while the server starts leaves a session that works", async () => {
    const sessionId = newId();
    textIn(await rest.call("slow/echo", { message: "its tools are known from here on" }));
    const leaving = new AbortController();
    const call = rest.call("slow/echo", { message: "too long" }, { sessionId, signal: leaving.signal });
    await until(async () => (await rest.ask(`/api/sessions/${sessionId}`)).status === 200, { what: "it starts" });
    leaving.abort();
    await expect(call).rejects.toThrow("aborted");
    const next = await rest.call("slow/echo", { message: "patient" }, { sessionId });
    expect([textIn(next), next.headers["x-mcp-session"]]).toEqual(["patient", "reused"]);
  });
});

describe("a server that reads nothing any more", () => {
  const config = { limits: { queueBytes: "64KiB" }, servers: { deaf: fixture("deaf"), echo: fixture("echo") } };
  const answersStill = async (caller: RestClient): Promise<void> => {
    expect(textIn(await caller.call("echo/echo", { message: "still here" }))).toBe("still here");
  };

  test("is spared more calls than fit, and takes nobody down when the callers give up", async () => {
    await using small = await startGateway(config);
    const caller = new RestClient(small.url);
    const sessionId = newId();
    const stream = await caller.stream("deaf/deaf", {}, { sessionId });
    await until(() => stream.events.length > 0, { what: "it reads nothing any more" });
    const leaving = new AbortController();
    const message = "x".repeat(512 * 1024);
    const options = { sessionId, signal: leaving.signal };
    const calls = Array.from({ length: 4 }, () => caller.call("deaf/echo", { message }, options));
    const refused = await Promise.any(calls);
    expect(refused).toMatchObject(problem(503, "unavailable", { retryable: true }));
    expect(refused.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    leaving.abort();
    stream.cut();
    await Promise.allSettled(calls);
    await answersStill(caller);
  });

  test.each(["ping", "sampling/createMessage"])("takes nobody down by asking without end for %s", async (method) => {
    await using small = await startGateway(config);
    const caller = new RestClient(small.url);
    expect((await caller.call("deaf/pester", { count: 2_000, method })).status).not.toBe(500);
    await answersStill(caller);
  });
});
