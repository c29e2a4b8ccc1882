import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/lib/json.ts";
import { Pieces } from "../../../src/lib/pieces.ts";
import { readClientMessages } from "../../../src/protocol/client-frame.ts";
import {
  capabilityMissing,
  discoverResult,
  identityOf,
  isFailure,
  toModernError,
  toModernResult,
} from "../../../src/protocol/eras/from-legacy.ts";
import { capabilityKey, inputCapabilities } from "../../../src/protocol/eras/input-capabilities.ts";
import { askOf, asksOfError, inputRequired, responsesTo } from "../../../src/protocol/eras/input-required.ts";
import { acknowledgement, covers, honoredFilter, listenResult, tagged } from "../../../src/protocol/eras/listen.ts";
import { isRemoved, mayAsk, toLegacy } from "../../../src/protocol/eras/to-legacy.ts";
import type { NotificationFrame, ResponseFrame } from "../../../src/protocol/frame.ts";
import { readServerLine } from "../../../src/protocol/server-frame.ts";

// Frames of one era and what they become in the other.

const PREFIX = "io.modelcontextprotocol/";
const IDENTITY = `"_meta":{"${PREFIX}serverInfo":{"name":"s","version":"1"}}`;
const identity = identityOf({ serverInfo: { name: "s", version: "1", icons: ["x".repeat(9)] } });

function response(text: string): ResponseFrame {
  const frame = readServerLine(text);
  if (frame?.kind !== "response") throw new Error("no response");
  return frame;
}

describe("a request for a server of an older revision", () => {
  const envelope = `"${PREFIX}protocolVersion":"2026-07-28","${PREFIX}clientCapabilities":{},"${PREFIX}clientInfo":{"name":"c"},"${PREFIX}logLevel":"info"`;
  it.each([
    [`{"_meta":{${envelope}}}`, "{}"],
    [`{"name":"t","arguments":{"n":1.0},"_meta":{${envelope}}}`, '{"name":"t","arguments":{"n":1.0}}'],
    [
      `{"_meta":{"progressToken":3,${envelope},"traceparent":"00-a","com.example/x":{"a": [1] }},"name":"t"}`,
      '{"_meta":{"progressToken":3,"traceparent":"00-a","com.example/x":{"a": [1] }},"name":"t"}',
    ],
    [
      `{"inputResponses":{"a":{}},"name":"t","requestState":"x","_meta":{${envelope}},"requestStateOfMine":1}`,
      '{"name":"t","requestStateOfMine":1}',
    ],
  ])("loses only its envelope and its answers: %s", (params, expected) => {
    const [frame] = readClientMessages(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`).frames;
    if (frame?.kind !== "request") throw new Error("no request");
    const legacy = toLegacy(frame);
    expect(legacy.line).toBe(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${expected}}`);
    // From which the headers of an HTTP request are made.
    expect(legacy.params).toEqual(JSON.parse(expected));
  });

  it("is not made of a method that MCP 2026-07-28 has removed", () => {
    expect(["ping", "initialize", "logging/setLevel", "resources/subscribe"].every(isRemoved)).toBe(true);
    expect(["tools/call", "com.example/own"].some(isRemoved)).toBe(false);
    expect(["tools/call", "prompts/get", "resources/read", "tools/list"].map(mayAsk)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe("a result of an older revision", () => {
  const UNCACHED = '"ttlMs":0,"cacheScope":"private"';
  it.each([
    ["tools/call", '{"content":[]}', `{"resultType":"complete",${IDENTITY},"content":[]}`],
    ["tools/call", "{}", `{"resultType":"complete",${IDENTITY}}`],
    ["tools/list", '{"tools":[]}', `{"resultType":"complete",${UNCACHED},${IDENTITY},"tools":[]}`],
    [
      "completion/complete",
      '{"n":12345678901234567890}',
      `{"resultType":"complete",${IDENTITY},"n":12345678901234567890}`,
    ],
    [
      "tools/call",
      `{"_meta":{"a":1.0},"content":[]}`,
      `{"_meta":{"a":1.0,"${PREFIX}serverInfo":{"name":"s","version":"1"}},"content":[],"resultType":"complete"}`,
    ],
    ["tools/call", '{"t":"\\"_meta\\""}', `{"resultType":"complete",${IDENTITY},"t":"\\"_meta\\""}`],
    ["tools/call", '{"a":{"_meta":1}}', `{"a":{"_meta":1},"resultType":"complete",${IDENTITY}}`],
    ["tools/call", '{"resultType":"mine","a":1}', `{"a":1,"resultType":"complete",${IDENTITY}}`],
    ["resources/read", '{"ttlMs":5}', `{"ttlMs":5,"resultType":"complete","cacheScope":"private",${IDENTITY}}`],
  ])("of %s: %s", (method, result, expected) => {
    for (const [before, after] of [
      [`{"jsonrpc":"2.0","id":1,"result":`, "}"],
      ['{"result":', ',"jsonrpc":"2.0","id":1}'],
    ]) {
      const frame = toModernResult(response(`${before}${result}${after}`), method, identity);
      expect(frame.line).toBe(`${before}${expected}${after}`);
      const bytes = new Pieces([Buffer.from(`${before}${result}${after}`)]);
      const long = toModernResult({ kind: "response", id: 1, failed: false, line: bytes }, method, identity);
      expect(long.line.toString()).toBe(frame.line);
    }
  });

  it("of initialize becomes one of server/discover, without tasks", () => {
    const initialized = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true }, tasks: { list: {} }, experimental: { x: {} } },
      serverInfo: { name: "s", version: "1", icons: [] },
      instructions: "Be kind.",
    };
    expect(discoverResult(initialized)).toEqual({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: { listChanged: true }, experimental: { x: {} } },
      instructions: "Be kind.",
      ttlMs: 0,
      cacheScope: "private",
      _meta: { [`${PREFIX}serverInfo`]: { name: "s", version: "1", icons: [] } },
    });
    expect(discoverResult({})).toMatchObject({ capabilities: {} });
  });
});

describe("an error of an older revision", () => {
  it.each([
    [
      { code: -32002, message: "none", data: { uri: "a:b" } },
      { code: -32602, message: "none", data: { uri: "a:b" } },
    ],
    [
      { code: -32042, message: "url" },
      { code: -32602, message: "url" },
    ],
    [
      { code: -32601, message: "no" },
      { code: -32601, message: "no" },
    ],
  ])("%j is %j", (error, expected) => {
    const { line } = toModernError(response(JSON.stringify({ jsonrpc: "2.0", id: 1, error })));
    expect(JSON.parse(line.toString())).toEqual({ jsonrpc: "2.0", id: 1, error: expected });
  });

  it("is one for want of a capability only if the call has failed", () => {
    const failures = [
      '"error":{"code":1,"message":""}',
      '"result":{"isError":true}',
      '"result":{"t":"\\"isError\\":true"}',
    ];
    expect(failures.map((rest) => isFailure(response(`{"jsonrpc":"2.0","id":1,${rest}}`)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(JSON.parse(capabilityMissing(1, { sampling: {} }).line.toString()).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { sampling: {} } },
    });
  });
});

describe("what a server may ask", () => {
  it("is told it with the names that are known only", () => {
    const given = inputCapabilities({
      elicitation: { form: {}, mine: {} },
      sampling: { tools: {}, context: 5 },
      roots: { listChanged: true },
      tasks: {},
      experimental: {},
    });
    expect(given).toEqual({ elicitation: { form: {} }, sampling: { tools: {} }, roots: {} });
    expect(capabilityKey(given)).toBe("elicitation(form),sampling(tools),roots()");
    expect([{}, { elicitation: true }, { roots: null }].map(inputCapabilities)).toEqual([{}, {}, {}]);
  });

  const ask = (method: string, params: JsonObject, id: string | number) =>
    askOf({ kind: "request", id, method, params, line: "" }, 1);

  it("becomes an answer that input is required", () => {
    const url = { mode: "url", url: "https://x", elicitationId: "e", task: {}, _meta: { progressToken: 1, a: 1 } };
    const asks = [ask("elicitation/create", url, "s1"), { ...ask("roots/list", {}, 2), key: "roots_2" }];
    expect(JSON.parse(inputRequired("c", asks, "sealed").line.toString())).toEqual({
      jsonrpc: "2.0",
      id: "c",
      result: {
        resultType: "input_required",
        inputRequests: {
          elicitation_1: { method: "elicitation/create", params: { mode: "url", url: "https://x", _meta: { a: 1 } } },
          roots_2: { method: "roots/list", params: {} },
        },
        requestState: "sealed",
      },
    });
  });

  it("is answered with what fits, and asked again otherwise", () => {
    const asks = [ask("elicitation/create", {}, "s1"), { ...ask("roots/list", {}, 2), key: "roots_2" }];
    const { responses, open } = responsesTo(asks, { elicitation_1: { action: "accept" }, roots_2: 5, other: {} });
    expect(responses.map(({ line }) => line)).toEqual(['{"jsonrpc":"2.0","id":"s1","result":{"action":"accept"}}']);
    expect(open).toEqual([asks[1]]);
    for (const rubbish of [undefined, null, [], "x", { __proto__: { roots_2: {} } }])
      expect(responsesTo(asks, rubbish).open).toEqual(asks);
  });

  it("can be in an error of MCP 2025-11-25", () => {
    const listed = [{ mode: "url", url: "https://x", elicitationId: "e", message: "m" }, 5];
    expect(asksOfError({ elicitations: listed })).toEqual([
      {
        key: "elicitation_1",
        id: undefined,
        method: "elicitation/create",
        params: { mode: "url", url: "https://x", message: "m" },
      },
    ]);
    expect([undefined, {}, { elicitations: "x" }].map(asksOfError)).toEqual([[], [], []]);
  });
});

describe("a listen", () => {
  const all = {
    notifications: {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: "yes",
      resourceSubscriptions: ["a:b", "a:b", 5, "c:d/"],
    },
  };
  const none = { toolsListChanged: false, promptsListChanged: false, resourcesListChanged: false };
  const note = (method: string, params?: JsonObject): NotificationFrame => tagged(method, params, "x");

  it("is given what its server can do, and told so first", () => {
    const capabilities = {
      tools: { listChanged: true },
      prompts: {},
      resources: { subscribe: true, listChanged: true },
    };
    const filter = honoredFilter(all, capabilities);
    expect(filter).toEqual({ ...none, toolsListChanged: true, resourceSubscriptions: ["a:b", "c:d/"] });
    expect(acknowledgement("7", filter).params).toEqual({
      notifications: { toolsListChanged: true, resourceSubscriptions: ["a:b", "c:d/"] },
      _meta: { [`${PREFIX}subscriptionId`]: "7" },
    });
    expect(honoredFilter(all, {})).toEqual({ ...none, resourceSubscriptions: [] });
    expect(honoredFilter(undefined, capabilities)).toEqual({ ...none, resourceSubscriptions: [] });
    expect(acknowledgement(7, honoredFilter({}, {})).params).toMatchObject({ notifications: {} });
    expect(listenResult(7)).toEqual({ resultType: "complete", _meta: { [`${PREFIX}subscriptionId`]: 7 } });
  });

  it("hears only what it listens for", () => {
    const filter = { ...none, toolsListChanged: true, resourceSubscriptions: ["a:b", "c:d/"] };
    const heard = [
      note("notifications/tools/list_changed"),
      note("notifications/prompts/list_changed"),
      note("notifications/resources/list_changed"),
      note("notifications/resources/updated", { uri: "a:b" }),
      note("notifications/resources/updated", { uri: "a:b/part" }),
      note("notifications/resources/updated", { uri: "a:bc" }),
      note("notifications/resources/updated", { uri: "c:d/e" }),
      note("notifications/resources/updated", {}),
      note("notifications/message"),
    ].map((frame) => covers(filter, frame));
    expect(heard).toEqual([true, false, false, true, true, false, true, false, false]);
  });

  it("is named in each notification, which is otherwise as it was", () => {
    expect(note("notifications/resources/updated", { uri: "a:b", _meta: { k: 1 } }).params).toEqual({
      uri: "a:b",
      _meta: { k: 1, [`${PREFIX}subscriptionId`]: "x" },
    });
  });
});
