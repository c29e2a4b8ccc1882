import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { DISCOVERED, INITIALIZED_AS, modern, type Sent } from "./era-fakes.ts";

const CALL = { id: 1, method: "tools/call", params: { name: "t", arguments: { n: 1 }, _meta: { progressToken: 7 } } };
const DONE = { resultType: "complete", content: [] };
const ELICIT = { method: "elicitation/create", params: { message: "Name?", requestedSchema: { type: "object" } } };
const SAMPLE = { method: "sampling/createMessage", params: { messages: [], maxTokens: 5 } };
const ROOTS = { method: "roots/list" };
const asks = (inputRequests: object, more: object = {}) => ({
  result: { resultType: "input_required", inputRequests, ...more },
});
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {}, sampling: {}, roots: {} },
  "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
  "io.modelcontextprotocol/logLevel": "info",
};
const EXITED = new GatewayError("process_exited", "It exited.");

describe("a request of a legacy client", () => {
  it("reaches a modern server with its envelope, and the answer comes back as it is", () => {
    const { say, sent, heard, answers } = modern();
    say(CALL);
    expect(sent()).toEqual([
      { jsonrpc: "2.0", ...CALL, params: { ...CALL.params, _meta: { progressToken: 7, ...ENVELOPE } } },
    ]);
    answers({ result: DONE });
    answers({ result: DONE });
    say({ id: 2, method: "vendor/thing" });
    answers({ error: { code: -32601, message: "What?" } });
    expect(heard.messages.filter((message) => (message as Sent).id === 1)[0]).toEqual({ id: 1, result: DONE });
    expect(heard.messages.at(-1)).toEqual({ id: 2, error: { code: -32601, message: "What?" } });
  });

  it.each([
    ["ping", undefined, { result: {} }],
    ["initialize", { protocolVersion: "2025-06-18" }, { result: { ...INITIALIZED_AS, protocolVersion: "2025-06-18" } }],
    ["tasks/get", {}, { error: { code: -32601, message: "Method not found" } }],
    ["logging/setLevel", { level: "error" }, { result: {} }],
    ["logging/setLevel", { level: "loud" }, { error: { code: -32602, message: "No such log level" } }],
    ["logging/setLevel", undefined, { error: { code: -32602, message: "No such log level" } }],
  ])("%s %j is answered here", (method, params, answer) => {
    const { say, sent, heard } = modern();
    say({ id: 5, method, params });
    expect([heard.messages, sent()]).toEqual([[{ id: 5, ...answer }], []]);
  });

  it("asks for the log messages that the client wants, and for none of a server that has none", () => {
    const { say, last } = modern();
    say({ id: 1, method: "logging/setLevel", params: { level: "error" } });
    say({ id: 2, method: "tools/list" });
    expect(last().params?._meta).toMatchObject({ "io.modelcontextprotocol/logLevel": "error" });
    const silent = modern({ ...DISCOVERED, capabilities: {} });
    silent.say({ id: 1, method: "logging/setLevel", params: { level: "error" } });
    expect(silent.heard.messages).toMatchObject([{ id: 1, error: { code: -32601 } }]);
    silent.say({ id: 2, method: "tools/list" });
    expect(Object.keys(silent.last().params?._meta ?? {})).not.toContain("io.modelcontextprotocol/logLevel");
  });

  it("is cancelled at the server", () => {
    const { say, last } = modern();
    say(CALL);
    say({ method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
    expect(last()).toMatchObject({ method: "notifications/cancelled", params: { requestId: 1, reason: "enough" } });
    say({ id: 2, method: "tools/list" });
    say({ method: "notifications/cancelled", params: { requestId: 2 } });
    expect(last().params).toEqual({ requestId: 2 });
  });

  it("that needs another client fails, and says what it needs", () => {
    const { say, heard, answers } = modern();
    say(CALL);
    answers({ error: { code: -32021, message: "No", data: { requiredCapabilities: { sampling: {} } } } });
    expect(heard.errors).toMatchObject([[1, { reason: "input_required" }]]);
    expect(heard.errors[0]?.[1].details.data).toEqual({
      rpc: { code: -32021, message: "No", data: { requiredCapabilities: { sampling: {} } } },
    });
  });
});

describe("notifications", () => {
  it.each([
    ["notifications/roots/list_changed", undefined],
    ["notifications/progress", { progressToken: "x", progress: 1 }],
  ])("%s of a client does not reach a modern server", (method, params) => {
    const { say, sent } = modern();
    say({ method, params });
    expect(sent()).toEqual([]);
  });

  it("of both sides that are not about sessions are passed on, requests of the server are not", () => {
    const { say, sent, at, heard } = modern();
    say({ method: "notifications/vendor", params: { a: 1 } });
    expect(sent()).toMatchObject([{ method: "notifications/vendor", params: { a: 1 } }]);
    at(0).says({ method: "notifications/message", params: { level: "info", data: "x" } });
    at(0).says({ method: "notifications/progress", params: { progressToken: 7, progress: 1 } });
    at(0).says({ method: "notifications/cancelled", params: { requestId: 1 } });
    at(0).says({ id: 1, method: "roots/list" });
    expect(heard.messages).toMatchObject([{ params: { data: "x" } }, { params: { progressToken: 7 } }]);
  });
});

describe("a call that needs input", () => {
  it("asks the client, and is sent again with the answers and the state, until it is complete", () => {
    const { say, sent, heard, answers } = modern();
    say(CALL);
    answers(asks({ name: ELICIT, model: SAMPLE, dirs: ROOTS }, { requestState: "s1" }));
    const asked = heard.messages.splice(0) as Sent[];
    expect(asked).toMatchObject([ELICIT, SAMPLE, { ...ROOTS, params: {} }]);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
    say({ id: asked[2]?.id, result: { roots: [] } });
    say({ id: asked[0]?.id, result: { action: "accept", content: { name: "A" } } });
    say({ id: asked[0]?.id, result: { action: "decline" } });
    expect(sent()).toHaveLength(1);
    say({ id: asked[1]?.id, result: { role: "assistant", content: {} } });
    expect(sent().at(-1)).toMatchObject({
      method: "tools/call",
      params: {
        ...CALL.params,
        _meta: { progressToken: 7, ...ENVELOPE },
        requestState: "s1",
        inputResponses: {
          dirs: { roots: [] },
          name: { action: "accept", content: { name: "A" } },
          model: { role: "assistant" },
        },
      },
    });
    expect(sent().at(-1)?.id).not.toBe(1);
    answers(asks({ again: ELICIT }));
    const [again] = heard.messages.splice(0) as Sent[];
    say({ id: again?.id, result: { action: "cancel" } });
    expect(sent().at(-1)?.params).not.toHaveProperty("requestState");
    expect(sent().at(-1)?.params).toMatchObject({ inputResponses: { again: { action: "cancel" } } });
    answers({ result: DONE });
    expect(heard.messages).toEqual([{ id: 1, result: DONE }]);
    expect(new Set(sent().map(({ id }) => id)).size).toBe(3);
  });

  it("has only a state to send back: it is sent again at once", () => {
    const { say, sent, heard, answers } = modern();
    say({ id: "p", method: "prompts/get", params: { name: "p" } });
    answers({ result: { resultType: "input_required", requestState: "s" } });
    expect(sent().at(-1)?.params).toMatchObject({ name: "p", requestState: "s" });
    expect(sent().at(-1)?.params).not.toHaveProperty("inputResponses");
    answers({ result: { messages: [] } });
    expect(heard.messages).toEqual([{ id: "p", result: { messages: [] } }]);
  });

  it("asks no more than twenty times", () => {
    const { say, sent, heard, answers } = modern();
    say(CALL);
    for (let round = 0; round < 20; round++) {
      answers(asks({ name: ELICIT }));
      say({ id: (heard.messages.at(-1) as Sent).id, result: { action: "accept" } });
    }
    expect(sent()).toHaveLength(21);
    answers(asks({ name: ELICIT }));
    expect(heard.errors).toMatchObject([[1, { reason: "protocol_violation" }]]);
    const endless = modern();
    endless.say(CALL);
    for (let round = 0; round < 30; round++) endless.answers(asks({}, { requestState: "s" }));
    expect(endless.sent()).toHaveLength(21);
    expect(endless.heard.errors).toHaveLength(1);
  });

  const unanswerable: readonly [string, object, object, string][] = [
    ["of an unknown kind", { a: { method: "tools/call" } }, {}, "input_required"],
    ["that the client did not declare", { a: SAMPLE }, { elicitation: {} }, "input_required"],
    ["of which one cannot be answered", { a: ELICIT, b: ROOTS }, { elicitation: {} }, "input_required"],
    [
      "by URL of a client with forms",
      { a: { ...ELICIT, params: { mode: "url" } } },
      { elicitation: {} },
      "input_required",
    ],
    ["that is no request", { a: 7 }, { elicitation: {} }, "protocol_violation"],
  ];
  it.each(unanswerable)("%s fails, and asks nothing", (_what, requests, capabilities, reason) => {
    const { say, heard, answers, sent } = modern(DISCOVERED, { capabilities });
    say(CALL);
    answers(asks(requests));
    expect(heard.errors).toMatchObject([[1, { reason }]]);
    expect([heard.messages, sent().length]).toEqual([[], 1]);
  });

  it("fails with what was asked, unless that is long", () => {
    for (const message of ["short", "x".repeat(20_000)]) {
      const { say, heard, answers } = modern(DISCOVERED, {});
      say(CALL);
      answers(asks({ a: { method: "elicitation/create", params: { message } } }));
      const { data } = heard.errors[0]?.[1].details ?? {};
      expect(data).toEqual(
        message === "short" ? { inputRequests: { a: { method: "elicitation/create", params: { message } } } } : {},
      );
    }
  });

  it("fails when the client refuses, and takes the other questions back", () => {
    const { say, heard, answers, sent } = modern();
    say(CALL);
    answers(asks({ name: ELICIT, model: SAMPLE }));
    const [name, model] = heard.messages.splice(0) as Sent[];
    say({ id: model?.id, error: { code: -1, message: "The user rejected it" } });
    expect(heard.errors).toMatchObject([[1, { reason: "input_required", details: { data: { rpc: { code: -1 } } } }]]);
    expect(heard.messages).toMatchObject([{ method: "notifications/cancelled", params: { requestId: name?.id } }]);
    say({ id: name?.id, result: { action: "accept" } });
    expect(sent()).toHaveLength(1);
  });

  it("is cancelled while the client is asked: the questions are taken back, and the server hears nothing", () => {
    const { say, heard, answers, sent } = modern();
    say(CALL);
    answers(asks({ name: ELICIT }));
    const [name] = heard.messages.splice(0) as Sent[];
    say({ method: "notifications/cancelled", params: { requestId: 1 } });
    expect(heard.messages).toMatchObject([{ method: "notifications/cancelled", params: { requestId: name?.id } }]);
    say({ id: name?.id, result: { action: "accept" } });
    expect(sent()).toHaveLength(1);
  });

  it("is cancelled in its retry under the id of that", () => {
    const { say, heard, answers, last } = modern();
    say(CALL);
    answers(asks({ name: ELICIT }));
    say({ id: (heard.messages[0] as Sent).id, result: { action: "accept" } });
    const { id } = last();
    say({ method: "notifications/cancelled", params: { requestId: 1 } });
    expect(last()).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
    say({ id: 1, method: "tools/call", params: {} });
    expect(last()).toMatchObject({ id: 1, method: "tools/call" });
  });

  it("may use its id again after it failed, and a late answer to its retry is nobody's", () => {
    const { say, heard, answers, last, at } = modern();
    say(CALL);
    answers(asks({ name: ELICIT }));
    say({ id: (heard.messages[0] as Sent).id, result: { action: "accept" } });
    const { id } = last();
    at(0).listener.badMessage(id, EXITED);
    expect(heard.errors).toEqual([[1, EXITED]]);
    heard.messages.length = 0;
    at(0).says({ id, result: DONE });
    say(CALL);
    answers({ result: DONE });
    expect(heard.messages.filter((message) => (message as Sent).id === 1)).toEqual([{ id: 1, result: DONE }]);
  });

  it("fails with the process", () => {
    const { say, heard, answers, at } = modern();
    say(CALL);
    answers(asks({ name: ELICIT }));
    at(0).listener.ended(EXITED);
    expect(heard.ends).toEqual([EXITED]);
  });

  it("is not what any other method may need", () => {
    const { say, heard, answers } = modern();
    say({ id: 1, method: "completion/complete", params: {} });
    answers(asks({ name: ELICIT }));
    expect(heard.messages).toMatchObject([{ id: 1, result: { resultType: "input_required" } }]);
  });

  it("fails when too much else waits, but is kept as the newest, however long", () => {
    const { say, heard, at } = modern();
    const long = { ...CALL.params, name: "x".repeat(900) };
    for (const id of [1, 2]) say({ ...CALL, id, params: long });
    at(0).says({ id: 1, ...asks({ name: ELICIT }) });
    expect(heard.errors).toMatchObject([[1, { reason: "queue_full" }]]);
    at(0).says({ id: 2, ...asks({ name: ELICIT, model: SAMPLE }) });
    const [name, model] = heard.messages.splice(0) as Sent[];
    say({ id: name?.id, result: { action: "accept", content: { name: "y".repeat(500) } } });
    say({ id: model?.id, result: { text: "z".repeat(900) } });
    expect(heard.errors.slice(1)).toMatchObject([[2, { reason: "queue_full" }]]);
    for (let id = 3; id < 50; id++) {
      say({ ...CALL, id });
      at(0).says({ id, ...asks({ name: ELICIT }) });
      say({ id: (heard.messages.at(-1) as Sent).id, result: { action: "accept", content: { name: "y".repeat(500) } } });
      at(0).says({ id: (at(0).sent.at(-1) as Sent).id, result: DONE });
      expect(heard.messages.at(-1)).toMatchObject({ id, result: DONE });
    }
  });

  it("is forgotten when there are too many", () => {
    const { say, sent, heard, at } = modern();
    for (let id = 1; id <= 1_025; id++) say({ id, method: "tools/call", params: {} });
    expect(sent()).toHaveLength(1_025);
    at(0).says({ id: 1_025, ...asks({ name: ELICIT }) });
    expect(heard.messages).toMatchObject([ELICIT]);
  });
});
