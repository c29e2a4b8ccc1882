import { describe, expect, it } from "vitest";
import { asksForInput, handlingOf, isLogLevel, modernParams } from "../../../src/protocol/eras/to-modern.ts";
import { piecesOf } from "../../helpers/pieces.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";
const ENVELOPE = { [VERSION]: "2026-07-28" };
const META = `"${VERSION}":"2026-07-28"`;

describe("the params of a request, for a modern server", () => {
  it.each([
    [`{"id":1,"method":"m"}`, `{"_meta":{${META}}}`],
    [`{"id":1,"method":"m","params":{}}`, `{"_meta":{${META}}}`],
    [`{"params":{"n":1.0,"big":9007199254740993},"id":1}`, `{"n":1.0,"big":9007199254740993,"_meta":{${META}}}`],
    [`{"params":{"_meta":{"progressToken":7}, "a" : 1}}`, `{"a" : 1,"_meta":{"progressToken":7,${META}}}`],
    [`{"params":{"_meta":{"${VERSION}":"9","traceparent":"00-1"}}}`, `{"_meta":{"traceparent":"00-1",${META}}}`],
    [`{"params":{"_meta":null}}`, `{"_meta":{${META}}}`],
    [`{"params":{"inputResponses":{},"requestState":"forged","b":2}}`, `{"b":2,"_meta":{${META}}}`],
    [
      `{"params":{"arguments":{"_meta":{"x":1},"params":2}}}`,
      `{"arguments":{"_meta":{"x":1},"params":2},"_meta":{${META}}}`,
    ],
  ])("of %s", (line, params) => {
    expect(modernParams(line, ENVELOPE)).toBe(params);
    expect(modernParams(piecesOf(line), ENVELOPE)).toBe(params);
  });

  it("hold the client's answers and the state of the server in a retry, letter by letter", () => {
    const retry = { responses: new Map([['a"b', '{"n":1.0}']]), requestState: '"\u2028\\' };
    const text = modernParams(`{"params":{"name":"t","requestState":"old"}}`, ENVELOPE, retry);
    expect(text).toContain('"inputResponses":{"a\\"b":{"n":1.0}}');
    expect(JSON.parse(text)).toEqual({
      name: "t",
      _meta: ENVELOPE,
      inputResponses: { 'a"b': { n: 1 } },
      requestState: '"\u2028\\',
    });
    expect(modernParams(`{}`, {}, { responses: undefined, requestState: undefined })).toBe(`{"_meta":{}}`);
  });
});

it.each([
  ["tools/call", "sent on"],
  ["vendor/method", "sent on"],
  ["notifications/vendor", "sent on"],
  ["ping", "answered here"],
  ["initialize", "initializes"],
  ["tasks/list", "method not found"],
  ["logging/setLevel", "sets the log level"],
  ["resources/subscribe", "subscribes"],
  ["resources/unsubscribe", "unsubscribes"],
  ["notifications/initialized", "initialized"],
  ["notifications/cancelled", "cancels"],
  ["notifications/roots/list_changed", "not passed on"],
  ["notifications/progress", "not passed on"],
] as const)("%s of a client is %s", (method, handling) => {
  expect(handlingOf(method)).toBe(handling);
});

it("only three methods may ask for input", () => {
  const methods = ["tools/call", "prompts/get", "resources/read", "tools/list", "completion/complete"];
  expect(methods.filter(asksForInput)).toEqual(["tools/call", "prompts/get", "resources/read"]);
});

it("a log level is one of eight words", () => {
  expect(["debug", "emergency", "DEBUG", "trace", "", 7, null].filter(isLogLevel)).toEqual(["debug", "emergency"]);
});
