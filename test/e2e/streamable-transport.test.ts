import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAlive } from "../helpers/children.ts";
import { fixture, startGateway, type GatewayProcess } from "../helpers/gateway.ts";
import { sendRaw } from "../helpers/http.ts";
import {
  send,
  StreamableClient,
  textOf,
  type Exchange,
  type Headers,
  type JsonRpc,
} from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

// The wire format, byte by byte: MCP 2025-11-25, transports, Streamable HTTP.

let gateway: GatewayProcess;
const records = mkdtempSync(join(tmpdir(), "records-"));
const clients: StreamableClient[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    limits: { heartbeat: "100ms", bodyBytes: "64KiB" },
    servers: {
      commands: fixture("on-command"),
      echo: fixture("echo"),
      recorder: fixture("records", { env: { RECORD_DIR: records } }),
      refuses: fixture("refuses-init"),
      bigIds: fixture("big-ids"),
      verbatim: fixture("verbatim"),
    },
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((one) => one[Symbol.asyncDispose]()));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  rmSync(records, { recursive: true });
});

function client(path: string, headers?: Headers): StreamableClient {
  const made = new StreamableClient(`${gateway.url}${path}`, headers);
  clients.push(made);
  return made;
}

async function opened(path = "/commands/mcp", version = "2025-11-25"): Promise<StreamableClient> {
  const made = client(path);
  await made.initialize({ version });
  return made;
}

const initialize = (id: unknown = 1, params: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" }, ...params },
});
const call = (id: unknown, name: string, args: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
const LIST = { jsonrpc: "2.0", id: 7, method: "tools/list" };

/** The recorded lines of each recorder process. */
const recorded = (): string[] => readdirSync(records).map((pid) => readFileSync(join(records, pid), "utf8"));

async function refused(exchange: Promise<Exchange>): Promise<{ status: number; headers: object; body: JsonRpc }> {
  const { status, headers, json } = await (await exchange).over();
  return { status, headers, body: json as JsonRpc };
}

const refusal = (status: number, code: number, id: unknown = null): object => ({
  status,
  headers: expect.objectContaining({ "content-type": expect.stringContaining("application/json") }),
  body: { jsonrpc: "2.0", id, error: expect.objectContaining({ code, message: expect.any(String) }) },
});

describe("initialize", () => {
  test.each(["/commands/mcp", "/commands", "/commands/mcp/", "/commands/"])(
    "opens a session at %s, and its id is unguessable",
    async (path) => {
      const [one, two] = [await opened(path), await opened(path)];
      expect(one.sessionId).toMatch(/^[A-Za-z0-9_-]{21,}$/);
      expect(two.sessionId).not.toBe(one.sessionId);
      expect(await one.call("pid")).not.toBe(await two.call("pid"));
    },
  );

  test("reaches a process of its own exactly as the client wrote it", async () => {
    const before = recorded().length;
    const one = client("/recorder/mcp");
    const line = `{"params" : {"protocolVersion":"2025-06-18","capabilities":{"x":{}},"clientInfo":{"name":"é"},"n":12345678901234567890}, "method":"initialize","id":"a","jsonrpc":"2.0","unknown":1.50}`;
    const exchange = await one.post(line);
    expect(await exchange.answer("a")).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
    expect(recorded().slice(before)).toEqual([`${line}\n`]);
  });

  test("in a batch is refused and starts no process", async () => {
    const before = recorded().length;
    const exchange = client("/recorder/mcp").post([initialize(5), LIST]);
    expect(await refused(exchange)).toEqual(refusal(400, -32600, 5));
    expect((await exchange).headers["mcp-session-id"]).toBeUndefined();
    expect(recorded()).toHaveLength(before);
  });

  test("that the server refuses is answered with the server's own error, and leaves no session", async () => {
    const one = client("/refuses/mcp");
    const exchange = await one.post(initialize(3));
    expect(await exchange.answer(3)).toMatchObject({
      error: { code: -32602, message: "Unsupported protocol version" },
    });
    const sessionId = String(exchange.headers["mcp-session-id"]);
    expect(await refused(one.post(LIST, { headers: { "Mcp-Session-Id": sessionId } }))).toEqual(
      refusal(404, -32001, 7),
    );
  });
});

describe("the form of an answer", () => {
  test("is JSON for an instant answer where the client accepts both", async () => {
    const one = await opened();
    const instant = await until(
      async () => {
        const exchange = await (await one.start("echo", { message: "hi" }, { id: 5 })).over();
        return exchange.isJson && exchange;
      },
      { what: "one of several instant answers comes as JSON" },
    );
    expect(instant.status).toBe(200);
    expect(instant.headers["mcp-session-id"]).toBe(one.sessionId);
    expect(instant.headers["content-length"]).toBe(String(instant.bytes));
    expect(textOf(await instant.answer(5))).toBe("hi");
  });

  test.each(["application/json, text/event-stream", "text/event-stream, application/json", "*/*, text/event-stream"])(
    "is a stream that begins long before a slow answer where the client accepts %s",
    async (Accept) => {
      const one = await opened();
      const exchange = await one.start("hold", { name: "slow" }, { id: 5, headers: { Accept } });
      expect(exchange.status).toBe(200);
      expect(exchange.headers).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
      });
      expect(exchange.headers["connection"]).not.toBe("close");
      await until(() => exchange.comments.includes("hb"), { what: "the waiting stream beats" });
      expect(exchange.items[0]).toEqual({ comment: "ok" });
      expect(exchange.messages).toEqual([]);
      await one.notify("x/release", { name: "slow" });
      expect(textOf(await exchange.answer(5))).toBe("released slow");
      expect(await exchange.over()).toMatchObject({ isComplete: true, messages: [{ id: 5 }] });
      expect(exchange.events).toEqual([{ id: expect.any(String), event: "message", data: expect.any(String) }]);
    },
  );

  test.each(["application/json", "*/*", undefined, "application/*", "application/json, text/event-stream;q=0"])(
    "is JSON, however slow, where the client sends Accept: %s",
    async (Accept) => {
      const one = await opened();
      const answer = one.start("hold", { name: "slow" }, { id: 5, headers: { Accept } });
      await until(async () => (await one.call("holding")) === '["slow"]', { what: "the server holds the call" });
      await one.notify("x/release", { name: "slow" });
      const exchange = await (await answer).over();
      expect(exchange.headers["content-type"]).toBe("application/json");
      expect(exchange.messages).toMatchObject([{ id: 5, result: {} }]);
    },
  );

  test.each(["text/event-stream", "text/*", "text/event-stream, application/json;q=0.0"])(
    "is a stream, however instant, where the client sends Accept: %s",
    async (Accept) => {
      const one = await opened();
      const exchange = await one.start("echo", { message: "hi" }, { id: 5, headers: { Accept } });
      expect(exchange.headers["content-type"]).toBe("text/event-stream");
      expect(textOf(await exchange.answer(5))).toBe("hi");
      await exchange.over();
      expect(exchange.isComplete).toBe(true);
    },
  );

  test.each(["text/html", "image/*, text/plain", "*/*;q=0", "application/xml, application/json;q=0"])(
    "is 406 for Accept: %s, and no session or process is made",
    async (Accept) => {
      const before = recorded().length;
      const exchange = client("/recorder/mcp").post(initialize(4), { headers: { Accept } });
      expect(await refused(exchange)).toEqual(refusal(406, 40600, 4));
      expect((await exchange).headers["mcp-session-id"]).toBeUndefined();
      expect(recorded()).toHaveLength(before);
    },
  );

  test("is a status also for a client that takes only streams, when the gateway refuses the request", async () => {
    const one = await opened();
    await one.start("hold", { name: "first" }, { id: 5 });
    const again = one.start("echo", { message: "hi" }, { id: 5, headers: { Accept: "text/event-stream" } });
    expect(await refused(again)).toEqual(refusal(400, -32600, 5));
  });
});

describe("notifications and responses", () => {
  test("are answered 202 without a body", async () => {
    const one = await opened();
    for (const message of [
      { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
      { jsonrpc: "2.0", id: 99, result: {} },
      { jsonrpc: "2.0", id: 98, error: { code: -1, message: "no" } },
    ]) {
      const exchange = await (await one.post(message)).over();
      expect([exchange.status, exchange.text, exchange.headers["content-type"]]).toEqual([202, "", undefined]);
    }
  });

  test("need no Accept header that fits", async () => {
    const one = await opened();
    const exchange = await one.post({ jsonrpc: "2.0", method: "x/one" }, { headers: { Accept: "text/html" } });
    expect(exchange.status).toBe(202);
  });
});

describe("a request id", () => {
  test.each([0, "", -1, "0", "ü\u2028 \u0000", 9007199254740991, "__proto__"])(
    "of %j comes back with its answer",
    async (id) => {
      const one = await opened("/commands");
      const exchange = await one.start("echo", { message: `for ${id}` }, { id });
      expect(textOf(await exchange.answer(id))).toBe(`for ${id}`);
    },
  );

  test.each(["9007199254740993", "-9223372036854775808", "123456789012345678901234567890"])(
    "of %s keeps all its digits",
    async (id) => {
      const one = await opened("/bigIds/mcp");
      const message = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
      const exchange = await (await one.post(message, { headers: { Accept: "application/json" } })).over();
      expect(exchange.text).toContain(`"id":${id},`);
    },
  );

  test("of 0 and of an empty string wait side by side", async () => {
    const one = await opened();
    const [zero, empty] = [
      await one.start("hold", { name: "zero" }, { id: 0 }),
      await one.start("hold", { name: "empty" }, { id: "" }),
    ];
    await one.notify("x/release", { name: "empty" });
    expect(textOf(await empty.answer(""))).toBe("released empty");
    await one.notify("x/release", { name: "zero" });
    expect(textOf(await zero.answer(0))).toBe("released zero");
  });

  test("that is still in use is refused, and its first request is answered all the same", async () => {
    const one = await opened();
    const first = await one.start("hold", { name: "first" }, { id: 5 });
    expect(await refused(one.start("echo", { message: "hi" }, { id: 5 }))).toEqual(refusal(400, -32600, 5));
    await one.notify("x/release", { name: "first" });
    expect(textOf(await first.answer(5))).toBe("released first");
    expect((await first.over()).isComplete).toBe(true);
  });

  test("that is null, a fraction or an object is refused", async () => {
    const one = await opened();
    for (const id of [null, 1.5, {}, [], true]) {
      expect(await refused(one.post({ ...LIST, id }))).toEqual(refusal(400, -32600, null));
    }
  });
});

describe("a batch (2025-03-26)", () => {
  test("is passed on element by element and answered with one array", async () => {
    const one = await opened("/commands", "2025-03-26");
    const batch = [
      call(1_000, "echo", { message: "a" }),
      { jsonrpc: "2.0", method: "x/nothing" },
      call("b", "echo", { message: "b" }),
      call(1_002, "no-such-tool"),
    ];
    const exchange = await (await one.post(batch, { headers: { Accept: "application/json" } })).over();
    expect(exchange.status).toBe(200);
    expect(exchange.headers["content-type"]).toBe("application/json");
    expect(exchange.json).toHaveLength(3);
    expect(textOf(await exchange.answer(1_000))).toBe("a");
    expect(textOf(await exchange.answer("b"))).toBe("b");
    expect(await exchange.answer(1_002)).toMatchObject({ error: { code: -32602 } });
  });

  test("without a request is answered 202 without a body", async () => {
    const one = await opened("/commands", "2025-03-26");
    const batch = [
      { jsonrpc: "2.0", method: "x/one" },
      { jsonrpc: "2.0", id: 97, result: {} },
    ];
    const exchange = await (await one.post(batch)).over();
    expect([exchange.status, exchange.text]).toEqual([202, ""]);
  });

  test.each(["2024-11-05", "2025-06-18", "2025-11-25"])("is refused in a session of %s", async (version) => {
    const one = await opened("/commands/mcp", version);
    const { status, body } = await refused(one.post([LIST]));
    expect([status, body.error?.code, body.id]).toEqual([400, -32600, 7]);
  });

  test.each([
    ["application/json, text/event-stream", "an event stream or JSON"],
    ["text/event-stream", "an event stream"],
    ["application/json", "JSON"],
  ])("that cancels its own requests is answered 202 where the client takes %s", async (accept) => {
    const one = await opened("/commands/mcp", "2025-03-26");
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } };
    const exchange = await (await one.post([{ ...LIST, id: 5 }, cancel], { headers: { Accept: accept } })).over();
    expect([exchange.status, exchange.text]).toEqual([202, ""]);
    expect(await one.call("echo", { message: "next" })).toBe("next");
  });

  test("that cancels its own requests may stand behind a slow request on one connection", async () => {
    const one = await opened("/commands/mcp", "2025-03-26");
    const { port } = gateway;
    const message = (body: unknown): string => {
      const text = JSON.stringify(body);
      return [
        "POST /commands/mcp HTTP/1.1",
        "Host: 127.0.0.1",
        `Mcp-Session-Id: ${one.sessionId ?? ""}`,
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        `Content-Length: ${Buffer.byteLength(text)}`,
        "",
        text,
      ].join("\r\n");
    };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5_000 } };
    const bytes = message(call("slow", "hold", { name: "slow" })) + message([{ ...LIST, id: 5_000 }, cancel]);
    const received = sendRaw(port, bytes, (text) => text.includes("released slow") && text.includes(" 202 "));
    await until(async () => (await one.call("holding")) === '["slow"]', { what: "the slow call is held" });
    // Once a later request is answered with a stream, the batch would have been too.
    await one.start("hold", { name: "later" });
    await one.notify("x/release", { name: "slow" });
    const answers = await received;
    expect(answers.indexOf("released slow")).toBeLessThan(answers.indexOf("HTTP/1.1 202"));
    expect(await one.call("echo", { message: "next" })).toBe("next");
  });

  test("is not spoilt by an answer that is too long to be read and no JSON", async () => {
    const one = await opened("/verbatim/mcp", "2025-03-26");
    const broken = `{"content":[${'"x",'.repeat(6_000)}]}`;
    const batch = [call(1_000, "result", { text: broken }), call(1_001, "result", { text: '{"content":[]}' })];
    const exchange = await (await one.post(batch, { headers: { Accept: "application/json" } })).over();
    expect(await exchange.answer(1_001)).toMatchObject({ result: { content: [] } });
    expect(await exchange.answer(1_000)).toMatchObject({ error: { data: { reason: "protocol_violation" } } });
  });

  test("of one request is still answered with an array", async () => {
    const one = await opened("/commands/mcp", "2025-03-26");
    const exchange = await (await one.post([LIST], { headers: { Accept: "application/json" } })).over();
    expect(exchange.json).toMatchObject([{ id: 7, result: { tools: expect.any(Array) } }]);
  });

  test("with a slow request is answered with events as they come, and the stream ends after the last", async () => {
    const one = await opened("/commands/mcp", "2025-03-26");
    const exchange = await one.post([call(1_000, "hold", { name: "slow" }), call(1_001, "echo", { message: "fast" })]);
    expect(exchange.isStream).toBe(true);
    expect(textOf(await exchange.answer(1_001))).toBe("fast");
    expect(exchange.isOver).toBe(false);
    await one.notify("x/release", { name: "slow" });
    expect(textOf(await exchange.answer(1_000))).toBe("released slow");
    expect((await exchange.over()).isComplete).toBe(true);
  });

  test("with an id that is still in use is refused as a whole: nothing of it is begun", async () => {
    const one = await opened("/commands/mcp", "2025-03-26");
    const first = await one.start("hold", { name: "first" }, { id: "first" });
    const batch = [call("second", "hold", { name: "second" }), call("first", "hold", { name: "third" })];
    const { status, body } = await refused(one.post(batch));
    expect([status, body.error?.code]).toEqual([400, -32600]);
    expect(await one.call("holding")).toBe('["first"]');
    await one.notify("x/release", { name: "first" });
    expect(textOf(await first.answer("first"))).toBe("released first");
  });

  test.each([
    ["empty", []],
    ["longer than 100", Array.from({ length: 101 }, (_, id) => ({ ...LIST, id }))],
    ["with two requests of one id", [LIST, LIST]],
    ["with an element that is no message", [LIST, { hello: 1 }]],
    ["within a batch", [[LIST]]],
  ])("that is %s is refused as a whole, nothing of it is passed on", async (_name, batch) => {
    const one = await opened("/recorder/mcp", "2025-03-26");
    const { status, body } = await refused(one.post(batch));
    expect({ status, code: body.error?.code }).toEqual({ status: 400, code: -32600 });
    expect(await one.call("echo", { message: "next" })).toBe("next");
    expect(recorded().join("")).not.toContain("tools/list");
  });
});

describe("the GET stream", () => {
  test("is 405 at /<server>/mcp without a session", async () => {
    const exchange = await client("/commands/mcp").get();
    expect(exchange.status).toBe(405);
    expect(exchange.headers["allow"]).toBe("POST");
    expect(await refused(Promise.resolve(exchange))).toEqual(refusal(405, 40500));
  });

  test.each(["/commands/mcp", "/commands"])("of a session at %s brings what the server says unasked", async (path) => {
    const one = await opened(path);
    const stream = await one.get();
    expect([stream.status, stream.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    await one.notify("x/say", { text: "hello" });
    const said = await stream.message(({ method }) => method === "notifications/message", "the log arrives");
    expect(said.params).toMatchObject({ data: { n: 1, text: "hello" } });
    await one.notify("x/ask", { method: "roots/list" });
    const asked = await stream.message(({ method }) => method === "roots/list", "the request arrives");
    await one.respond(asked.id, { roots: [{ uri: "file:///x" }] });
    const answers = await until(async () => /file:/.test(await one.call("answers")) && one.call("answers"), {
      what: "the server hears the answer",
    });
    expect(JSON.parse(answers)).toEqual([{ jsonrpc: "2.0", id: asked.id, result: { roots: [{ uri: "file:///x" }] } }]);
  });

  test("begins at once, beats, and tells how soon to come back", async () => {
    const one = await opened("/commands/mcp", "2025-06-18");
    const stream = await one.get();
    await until(() => stream.comments.filter((comment) => comment === "hb").length >= 3, { what: "it beats thrice" });
    expect(stream.items[0]).toEqual({ comment: "ok" });
    expect(stream.items[1]).toEqual({ retry: expect.stringMatching(/^\d+$/) });
  });

  test("is replaced by a second one, which gets everything from then on", async () => {
    const one = await opened();
    const first = await one.get();
    const second = await one.get();
    await first.over("the first stream ends");
    expect([first.isComplete, second.isOver]).toEqual([true, false]);
    await one.notify("x/say", { text: "for the second" });
    await second.message(({ method }) => method === "notifications/message", "the second stream gets the message");
    expect(first.messages).toEqual([]);
  });

  test("is refused where the client does not accept events", async () => {
    const one = await opened();
    expect(await refused(one.get({ Accept: "application/json" }))).toEqual(refusal(406, 40600));
  });

  test("and HEAD are told apart: HEAD is 405 at once, with or without a session, and starts nothing", async () => {
    const before = recorded().length;
    for (const path of ["/recorder/mcp", "/recorder", "/recorder/sse"]) {
      const exchange = await (await send(`${gateway.url}${path}`, { method: "HEAD" })).over();
      expect([exchange.status, exchange.text]).toEqual([405, ""]);
      expect(exchange.headers["allow"]).toMatch(/GET|POST/);
    }
    const one = await opened();
    const head = { method: "HEAD", headers: { "Mcp-Session-Id": one.sessionId } };
    expect((await send(one.url, head)).status).toBe(405);
    expect(recorded()).toHaveLength(before);
  });
});

describe("DELETE", () => {
  test("ends the session, its streams, its waiting calls and its process; from then on it is 404", async () => {
    const one = await opened();
    const pid = Number(await one.call("pid"));
    const stream = await one.get();
    const waiting = await one.start("hold", { name: "never" }, { id: "w" });
    const bye = await (await one.delete()).over();
    expect([bye.status, bye.text]).toEqual([204, ""]);
    expect(await waiting.answer("w")).toMatchObject({ error: { code: -32603 } });
    await waiting.over();
    await stream.over();
    expect([waiting.isComplete, stream.isComplete]).toEqual([true, true]);
    expect(await refused(one.post(LIST))).toEqual(refusal(404, -32001, 7));
    expect(await refused(one.get())).toEqual(refusal(404, -32001));
    expect(await refused(one.delete())).toEqual(refusal(404, -32001));
    await until(() => !isAlive(pid), { what: "its process has ended" });
  });
});

describe("what is refused", () => {
  const someId = "V1StGXR8_Z5jdHi6B-myT";

  test("without a session id is 400", async () => {
    const one = client("/commands/mcp");
    expect(await refused(one.post(LIST))).toEqual(refusal(400, -32600, 7));
    expect(await refused(one.post({ jsonrpc: "2.0", method: "notifications/initialized" }))).toEqual(
      refusal(400, -32600),
    );
    expect(await refused(one.delete())).toEqual(refusal(405, 40500));
    expect(await refused(client("/commands").post(LIST))).toEqual(refusal(400, -32600, 7));
  });

  test.each([
    ["of the right shape", someId],
    ["that is short", "x"],
    ["__proto__", "__proto__"],
    ["that is a path", "../../etc"],
    ["that is long", "a".repeat(4_000)],
  ])("with an unknown session id (%s) is 404 with -32001", async (_name, sessionId) => {
    const one = client("/commands/mcp");
    one.sessionId = sessionId;
    expect(await refused(one.post(LIST))).toEqual(refusal(404, -32001, 7));
    expect(await refused(one.post({ jsonrpc: "2.0", method: "x/one" }))).toEqual(refusal(404, -32001));
    expect(await refused(one.get())).toEqual(refusal(404, -32001));
    expect(await refused(one.delete())).toEqual(refusal(404, -32001));
  });

  test("with the id of a session of another server, or of HTTP+SSE, is 404", async () => {
    const one = await opened("/commands/mcp");
    const elsewhere = client("/echo/mcp");
    elsewhere.sessionId = one.sessionId;
    expect(await refused(elsewhere.post(LIST))).toEqual(refusal(404, -32001, 7));

    const sse = await client("/echo").get();
    const endpoint = await until(() => sse.items.find(({ event }) => event === "endpoint")?.data, { what: "endpoint" });
    elsewhere.sessionId = endpoint.split("sessionId=")[1];
    expect(await refused(elsewhere.post(LIST))).toEqual(refusal(404, -32001, 7));
  });

  test("with a protocol version that is none of the supported ones is 400", async () => {
    const one = await opened();
    for (const version of ["1999-01-01", "2025-11-25, 2025-06-18", "latest", ""]) {
      one.protocolVersion = version;
      expect(await refused(one.post(LIST))).toEqual(refusal(400, -32600, 7));
      expect(await refused(one.get())).toEqual(refusal(400, -32600));
      expect(await refused(one.post({ jsonrpc: "2.0", method: "x/one" }))).toEqual(refusal(400, -32600));
    }
    for (const version of [undefined, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      one.protocolVersion = version;
      expect(await one.call("echo", { message: "still here" })).toBe("still here");
    }
  });

  test.each([
    ["text/plain"],
    ["application/x-www-form-urlencoded"],
    ["multipart/form-data; boundary=x"],
    ["application/jsonp"],
    [undefined],
  ])("as Content-Type %s is 415 and starts nothing", async (type) => {
    const before = recorded().length;
    const exchange = client("/recorder/mcp").post(initialize(), { headers: { "Content-Type": type } });
    expect(await refused(exchange)).toEqual(refusal(415, -32600));
    expect(recorded()).toHaveLength(before);
  });

  test("in a Content-Encoding is 415", async () => {
    const exchange = client("/commands/mcp").post(initialize(), { headers: { "Content-Encoding": "gzip" } });
    expect(await refused(exchange)).toEqual(refusal(415, -32600));
  });

  test.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.mcp+json"])(
    "is not the Content-Type %s",
    async (type) => {
      const one = await opened();
      expect(await one.call("echo", { message: "hi" }, { headers: { "Content-Type": type } })).toBe("hi");
    },
  );

  test("over limits.bodyBytes is 413, announced or not, and the session goes on", async () => {
    const one = await opened();
    const body = JSON.stringify(call(5, "echo", { message: "x".repeat(70_000) }));
    expect(await refused(one.post(body))).toEqual(refusal(413, -32600));
    expect(await refused(one.post(body, { headers: { "Transfer-Encoding": "chunked" } }))).toEqual(
      refusal(413, -32600),
    );
    expect(await one.call("echo", { message: "x".repeat(60_000) })).toHaveLength(60_000);
  });

  test.each([
    ["an empty body", -32700, ""],
    ["half an object", -32700, "{"],
    ["more than one value", -32700, '{"jsonrpc":"2.0","id":1,"method":"ping"} x'],
    ["a byte order mark", -32700, "\uFEFF{}"],
    ["an empty object", -32600, "{}"],
    ["null", -32600, "null"],
    ["a string", -32600, '"ping"'],
    ["JSON-RPC 1.0", -32600, '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ["a key twice", -32600, '{"jsonrpc":"2.0","id":1,"method":"ping","method":"pong"}'],
    ["a key in another case", -32600, '{"jsonrpc":"2.0","id":1,"Method":"ping","method":"pong"}'],
    ["params that are an array", -32600, '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}'],
    [
      "200 levels",
      -32600,
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(200)}1${"}".repeat(201)}`,
    ],
  ])("as a body of %s is 400 with %i", async (_name, code, body) => {
    expect(await refused(client("/commands/mcp").post(body))).toEqual(refusal(400, code));
    expect(await refused(client("/commands").post(body))).toEqual(refusal(400, code));
  });

  test("as bytes that are no UTF-8 is 400 with -32700", async () => {
    const head = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"');
    const headers = { "Content-Type": "application/json" };
    const body = Buffer.concat([head, Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(await refused(send(`${gateway.url}/commands/mcp`, { headers, body }))).toEqual(refusal(400, -32700));
  });

  test("as another method is 405, and an unknown server 404", async () => {
    for (const method of ["PUT", "PATCH"]) {
      const exchange = send(`${gateway.url}/commands/mcp`, { method });
      expect(await refused(exchange)).toEqual(refusal(405, 40500));
      expect((await exchange).headers["allow"]).toBe("POST");
    }
    expect(await refused(client("/nobody/mcp").post(initialize()))).toEqual(refusal(404, 40400));
    expect(await refused(client("/constructor").post(initialize()))).toEqual(refusal(404, 40400));
  });
});

describe("at a cap", () => {
  test("of sessions initialize is 503 with Retry-After and its id, until one has ended", async () => {
    await using small = await startGateway({
      limits: { sessions: 3, sessionsPerServer: 2 },
      servers: { commands: fixture("on-command"), echo: fixture("echo"), counter: fixture("counter") },
    });
    const at = (path: string): StreamableClient => {
      const made = new StreamableClient(`${small.url}${path}`);
      clients.push(made);
      return made;
    };
    const first = at("/commands/mcp");
    await first.initialize();
    await at("/commands").initialize();

    const third = at("/commands/mcp").post(initialize("third"));
    expect(await refused(third)).toEqual(refusal(503, 50300, "third"));
    expect(Number((await third).headers["retry-after"])).toBeGreaterThan(0);
    expect((await third).headers["mcp-session-id"]).toBeUndefined();

    await at("/echo/mcp").initialize();
    expect(await refused(at("/counter/mcp").post(initialize(0)))).toEqual(refusal(503, 50300, 0));

    await first.delete();
    await at("/commands/mcp").initialize();
  });

  test("of requests in flight the next one is 503 with Retry-After and its id, and the others are answered", async () => {
    await using small = await startGateway({ limits: { inFlight: 2 }, servers: { commands: fixture("on-command") } });
    const one = new StreamableClient(`${small.url}/commands/mcp`);
    clients.push(one);
    await one.initialize();
    const [a, b] = [
      await one.start("hold", { name: "a" }, { id: "a" }),
      await one.start("hold", { name: "b" }, { id: "b" }),
    ];

    const third = one.start("echo", { message: "c" }, { id: "c" });
    expect(await refused(third)).toEqual(refusal(503, 50300, "c"));
    expect(Number((await third).headers["retry-after"])).toBeGreaterThan(0);

    await one.notify("x/release", { name: "a" });
    await one.notify("x/release", { name: "b" });
    expect(textOf(await a.answer("a"))).toBe("released a");
    expect(textOf(await b.answer("b"))).toBe("released b");
    expect(await one.call("echo", { message: "d" })).toBe("d");
  });

  test("of requests in flight a batch is refused as a whole: nothing of it is begun", async () => {
    await using small = await startGateway({ limits: { inFlight: 2 }, servers: { commands: fixture("on-command") } });
    const one = new StreamableClient(`${small.url}/commands/mcp`);
    clients.push(one);
    await one.initialize({ version: "2025-03-26" });
    const batch = ["a", "b", "c"].map((name) => call(name, "hold", { name }));
    expect(await refused(one.post(batch))).toEqual(refusal(503, 50300, "a"));
    const begun = await until(
      async () => {
        const exchange = await (await one.start("holding", {}, { id: "which" })).over();
        return exchange.status === 200 && textOf(await exchange.answer("which"));
      },
      { what: "there is room for a call" },
    );
    expect(begun).toBe("[]");
  });
});
