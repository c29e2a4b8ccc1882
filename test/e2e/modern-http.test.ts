import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { textIn } from "../helpers/sdk-client.ts";
import { until } from "../helpers/until.ts";

// MCP 2026-07-28 as bytes: headers, statuses and streams, and what is wrong with them.

const PREFIX = "io.modelcontextprotocol/";
const META = { [`${PREFIX}protocolVersion`]: "2026-07-28", [`${PREFIX}clientCapabilities`]: {} };

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    logging: { level: "debug" },
    limits: { listens: 20, input: "3s" },
    servers: {
      echo: fixture("echo"),
      fresh: fixture("echo"),
      each: fixture("echo", { isolation: "call" }),
      v1: fixture("conformance"),
      v2: fixture("conformance-v2"),
      silent: fixture("never-initializes"),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: { readonly requestState?: string; readonly inputRequests?: object };
  readonly error?: { readonly code: number; readonly data?: Record<string, unknown> };
}

interface Options {
  readonly id?: number | string;
  readonly params?: Record<string, unknown>;
  readonly meta?: object;
  readonly headers?: Record<string, string | undefined>;
  readonly signal?: AbortSignal;
}

/** One request, with the headers that belong to it unless others are given. */
async function post(path: string, method: string, options: Options = {}): Promise<Response> {
  const { id = 7, params = {}, meta = META, headers = {}, signal } = options;
  const name = params["name"] ?? params["uri"];
  const all: Record<string, string | undefined> = {
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
    ...(typeof name === "string" && { "Mcp-Name": name }),
    ...headers,
  };
  const given = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: meta } });
  return fetch(gateway.url + path, {
    method: "POST",
    headers: Object.fromEntries(given),
    body,
    ...(signal && { signal }),
  });
}

/** Status, type and messages of a response. */
async function read(response: Promise<Response>) {
  const answer = await response;
  const type = answer.headers.get("content-type");
  const text = await answer.text();
  const lines =
    type === "text/event-stream" ? [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => data) : [text];
  const messages = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Message);
  return { status: answer.status, type, messages, headers: answer.headers, last: messages.at(-1) };
}

const echo = (message: string, more: Options = {}): Promise<Response> =>
  post("/echo", "tools/call", { ...more, params: { name: "echo", arguments: { message }, ...more.params } });

describe("a request without a session", () => {
  test.each(["/echo", "/echo/mcp"])("is answered at %s as JSON, and no session is minted or echoed", async (path) => {
    const headers = { "Mcp-Session-Id": "of-nobody", "Last-Event-ID": "5" };
    const { status, type, headers: sent, last } = await read(post(path, "tools/list", { headers }));
    expect([status, type, sent.get("mcp-session-id")]).toEqual([200, "application/json", null]);
    expect(last).toMatchObject({ id: 7, result: { resultType: "complete", ttlMs: 0, cacheScope: "private" } });
  });

  test("is told by its body from one of an older revision on the same connection", async () => {
    const legacy = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const answer = await fetch(`${gateway.url}/echo`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream" },
      body: JSON.stringify(legacy),
    });
    expect(await answer.json()).toMatchObject({ error: { data: { reason: "session_required" } } });
    expect((await read(echo("hi"))).last).toMatchObject({ result: { content: [{ text: "hi" }] } });
  });

  test("is an event stream if its client wants one, or if there is something to tell before the answer", async () => {
    const streamed = await read(echo("hi", { headers: { Accept: "text/event-stream" } }));
    expect([streamed.type, streamed.messages.length]).toEqual(["text/event-stream", 1]);
    const params = { name: "test_tool_with_progress", arguments: {} };
    const told = await read(post("/v1", "tools/call", { params, meta: { ...META, progressToken: "p" } }));
    expect(told.headers.get("x-accel-buffering")).toBe("no");
    const toldOf = told.messages.map((message) => [message.method, message.params?.["progressToken"]]);
    expect(toldOf).toEqual([
      ...Array.from({ length: 3 }, () => ["notifications/progress", "p"]),
      [undefined, undefined],
    ]);
  });

  test.each<[string, () => Promise<Response>, number, number]>([
    ["without a version in its envelope", () => post("/fresh", "tools/list", { meta: {} }), 400, -32602],
    [
      "without capabilities",
      () => post("/fresh", "tools/list", { meta: { [`${PREFIX}protocolVersion`]: "2026-07-28" } }),
      400,
      -32602,
    ],
    [
      "of another revision",
      () =>
        post("/fresh", "tools/list", {
          meta: { ...META, [`${PREFIX}protocolVersion`]: "2099-01-01" },
          headers: { "MCP-Protocol-Version": "2099-01-01" },
        }),
      400,
      -32022,
    ],
    [
      "without its version header",
      () => post("/fresh", "tools/list", { headers: { "MCP-Protocol-Version": undefined } }),
      400,
      -32020,
    ],
    [
      "with another version header",
      () => post("/fresh", "tools/list", { headers: { "MCP-Protocol-Version": "2025-11-25" } }),
      400,
      -32020,
    ],
    [
      "with another method header",
      () => post("/fresh", "tools/list", { headers: { "Mcp-Method": "tools/call" } }),
      400,
      -32020,
    ],
    [
      "without its name header",
      () => post("/fresh", "tools/call", { params: { name: "echo" }, headers: { "Mcp-Name": undefined } }),
      400,
      -32020,
    ],
    [
      "that nothing can be sent to",
      () => post("/fresh", "tools/list", { headers: { Accept: "image/png" } }),
      406,
      40600,
    ],
    [
      "that listens without a stream",
      () => post("/fresh", "subscriptions/listen", { headers: { Accept: "application/json" } }),
      406,
      40600,
    ],
  ])("%s is refused, with its id, and starts nothing", async (_what, send, status, code) => {
    const refused = await read(send());
    expect([refused.status, refused.last?.id, refused.last?.error?.code]).toEqual([status, 7, code]);
    expect(gateway.children("fresh")).toEqual([]);
  });

  test("of a revision that is not served learns which is", async () => {
    const version = { [`${PREFIX}protocolVersion`]: "2099-01-01" };
    const headers = { "MCP-Protocol-Version": "2099-01-01" };
    const { last } = await read(post("/fresh", "server/discover", { meta: { ...META, ...version }, headers }));
    expect(last?.error?.data).toMatchObject({ supported: ["2026-07-28"], requested: "2099-01-01" });
  });

  test.each(["ping", "initialize", "logging/setLevel", "resources/subscribe", "no/such"])(
    "of the method %s is 404 with a body, over a server of either era",
    async (method) => {
      for (const path of ["/v1", "/v2"]) {
        const { status, last } = await read(post(path, method));
        expect([path, status, last?.id, last?.error?.code]).toEqual([path, 404, 7, -32601]);
      }
    },
  );

  test("in a batch, a response and a notification are what they are", async () => {
    const send = async (body: object): Promise<[number, string]> => {
      const headers = { "Content-Type": "application/json", "MCP-Protocol-Version": "2026-07-28" };
      const answer = await fetch(`${gateway.url}/fresh`, { method: "POST", headers, body: JSON.stringify(body) });
      return [answer.status, await answer.text()];
    };
    const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: META } };
    const [status, text] = await send([list, { jsonrpc: "2.0", id: 2, method: "tools/list" }]);
    expect([status, JSON.parse(text).error.code]).toEqual([400, -32600]);
    const [answered, said] = await send({ jsonrpc: "2.0", id: 1, result: {} });
    expect([answered, JSON.parse(said).error.code]).toEqual([400, -32600]);
    expect(await send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })).toEqual([
      202,
      "",
    ]);
    expect(gateway.children("fresh")).toEqual([]);
  });

  test.each(["GET", "DELETE"])("cannot be a %s", async (method) => {
    for (const path of ["/echo", "/echo/mcp"]) {
      const headers = { Accept: "text/event-stream", "MCP-Protocol-Version": "2026-07-28", "Mcp-Session-Id": "x" };
      const answer = await fetch(gateway.url + path, { method, headers });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });

  test("may be large, in both directions", async () => {
    const message = "x".repeat(3_000_000);
    const { last } = await read(echo(message));
    expect(last).toMatchObject({ id: 7, result: { content: [{ text: message }] } });
  });

  test("passes the trace context and keys of others on, and its id and envelope not", async () => {
    const meta = { ...META, traceparent: "00-ab-cd-01", "com.example/own": [1.0] };
    const { last } = await read(post("/echo", "tools/call", { params: { name: "raw", arguments: {} }, meta }));
    expect(JSON.parse(textIn(last?.result)).params).toEqual({
      name: "raw",
      arguments: {},
      _meta: { traceparent: "00-ab-cd-01", "com.example/own": [1] },
    });
  });

  test("starts a process of its own where the entry says so, and ends it", async () => {
    const pids = await Promise.all(
      [1, 2].map(async (id) => {
        const { last } = await read(post("/each", "tools/call", { id, params: { name: "pid", arguments: {} } }));
        return textIn(last?.result);
      }),
    );
    expect(new Set(pids).size).toBe(2);
    await until(() => gateway.children("each").length === 0, { what: "their processes have ended" });
  });
});

describe("a client that leaves", () => {
  /** Sends a call on a bare socket and cuts it off. */
  function sendAndLeave(path: string, params: object, afterMs: number): Promise<void> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { ...params, _meta: META } });
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": "tools/call",
      "Mcp-Name": "waits_for_its_cancellation",
    };
    return new Promise((resolve) => {
      const request = httpRequest(gateway.url + path, { method: "POST", headers });
      request.on("error", () => resolve());
      request.end(body, () => setTimeout(() => request.destroy(), afterMs));
    });
  }

  test.each([0, 300])("after %i ms has cancelled its call, and the process is there for the next", async (afterMs) => {
    // The tools are listed, so that the call itself is not delayed.
    const params = { name: "test_simple_text", arguments: {} };
    await read(post("/v2", "tools/call", { params }));
    const before = gateway.log().split("tools/call ended: cancelled").length;
    await sendAndLeave("/v2", { name: "waits_for_its_cancellation", arguments: {} }, afterMs);
    await until(() => gateway.log().split("tools/call ended: cancelled").length > before, { what: "it is cancelled" });
    expect((await read(post("/v2", "tools/call", { params }))).status).toBe(200);
  });
});

describe("a listen", () => {
  test.each(["/v1", "/v2"])("of many at %s is served up to limits.listens, and leaves nothing behind", async (path) => {
    const left = new AbortController();
    const params = { notifications: { toolsListChanged: true } };
    const opened = await Promise.all(
      Array.from({ length: 25 }, (_, id) => post(path, "subscriptions/listen", { id, params, signal: left.signal })),
    );
    const statuses = opened.map(({ status }) => status);
    expect([
      statuses.filter((status) => status === 200).length,
      statuses.filter((status) => status === 503).length,
    ]).toEqual([20, 5]);
    const readers = opened.flatMap(({ status, body }) => (status === 200 && body !== null ? [body.getReader()] : []));
    let first = "";
    // Without an end if it never comes.
    while (!first.includes("acknowledged")) first += new TextDecoder().decode((await readers[0]?.read())?.value);
    expect(first).toContain("notifications/subscriptions/acknowledged");
    left.abort();
    await Promise.allSettled(readers.map((reader) => reader.closed));
    await until(
      async () => {
        const again = new AbortController();
        const one = await post(path, "subscriptions/listen", { params, signal: again.signal });
        again.abort();
        return one.status === 200;
      },
      { what: "there is room for another" },
    );
  });
});

describe("a call whose server asks", () => {
  const capabilities = { [`${PREFIX}clientCapabilities`]: { elicitation: { form: {} } } };
  const ask = (more: Record<string, unknown> = {}): ReturnType<typeof read> => {
    const params = { name: "test_input_required_result_elicitation", arguments: {}, ...more };
    return read(post("/v1", "tools/call", { params, meta: { ...META, ...capabilities } }));
  };

  test("can be answered once, and not when it has waited too long", async () => {
    const asked = await ask();
    const { requestState = "", inputRequests = {} } = asked.last?.result ?? {};
    expect(asked.last?.result).toMatchObject({ resultType: "input_required" });
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: "accept", content: { name: "Ann" } }]),
    );
    const done = await ask({ requestState, inputResponses });
    expect(done.last?.result).toMatchObject({ content: [{ text: "Hello, Ann!" }] });
    for (const state of [requestState, `${requestState}x`, "", 5]) {
      const { status, last } = await ask({ requestState: state, inputResponses });
      expect([status, last?.error?.code, last?.error?.data]).toEqual([
        200,
        -32602,
        { reason: "invalid_request_state" },
      ]);
    }
    const left = await ask();
    await until(() => gateway.log().includes("tools/call"), { what: "it waits" });
    await new Promise((resolve) => setTimeout(resolve, 3_200));
    const late = await ask({ requestState: left.last?.result?.requestState, inputResponses });
    expect(late.last?.error?.code).toBe(-32602);
  });
});
