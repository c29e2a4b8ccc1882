import { describe, expect, it } from "vitest";
import { askFrame, canAnswer, inputWantedIn, type AskedInput } from "../../../src/protocol/eras/asked-input.ts";
import { piecesOf } from "../../helpers/pieces.ts";

const line = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`;

describe("a result", () => {
  it.each([
    [`{"content":[]}`],
    [`{"resultType":"complete","content":[{"type":"text","text":"\\"input_required\\""}]}`],
    [`{"resultType":"complete","structuredContent":{"resultType":"input_required","requestState":"x"}}`],
    [`{"resultType":"task","taskId":"input_required"}`],
  ])("is complete: %s", (result) => {
    expect(inputWantedIn(line(result))).toBe(undefined);
    expect(inputWantedIn(piecesOf(line(result)))).toBe(undefined);
  });

  it("that is long is complete, whatever it says; one that is not JSON is malformed", () => {
    const long = line(`{"resultType":"input_required","requestState":"${"x".repeat(1024 * 1024)}"}`);
    expect([inputWantedIn(long), inputWantedIn(piecesOf(long))]).toEqual([undefined, undefined]);
    expect(inputWantedIn(piecesOf(line(`{"resultType":"input_required",}`)))).toBe("it is not valid JSON");
  });

  it.each([
    [`{}`, "it asks for nothing"],
    [`{"requestState":7}`, "requestState is not a string"],
    [`{"inputRequests":[]}`, "inputRequests is not an object"],
    [`{"inputRequests":null}`, "inputRequests is not an object"],
    [`{"inputRequests":"{"}`, "inputRequests is not an object"],
    [`{"inputRequests":{"a":null}}`, 'the ask "a" is not a request'],
    [`{"inputRequests":{"a":{"method":7}}}`, 'the ask "a" is not a request'],
    [`{"inputRequests":{"a":{"method":"m","params":[]}}}`, 'the ask "a" is not a request'],
    [`{"inputRequests":{"a":{"method":"m"},"a":{"method":"m"}}}`, "two asks have the same key"],
    [`{"inputRequests":{${many(33)}}}`, "it asks for more than 32 things at once"],
  ])("is malformed: %s", (members, why) => {
    expect(inputWantedIn(line(`{"resultType":"input_required",${members.slice(1)}`.replace(",}", "}")))).toBe(why);
  });

  it("asks for input, in the words of the server", () => {
    const text = `{"a":{"method":"elicitation/create","params":{"n":1.0}},"__proto__":{"method":"roots/list"}}`;
    const wanted = inputWantedIn(line(`{"inputRequests":${text},"resultType":"input_required","requestState":"s"}`));
    expect(wanted).toEqual({
      requestState: "s",
      asks: [
        { key: "a", method: "elicitation/create", params: { n: 1 }, paramsText: '{"n":1.0}' },
        { key: "__proto__", method: "roots/list", params: {}, paramsText: "{}" },
      ],
    });
    expect(inputWantedIn(line(`{"resultType":"input_required","requestState":""}`))).toEqual({
      asks: [],
      requestState: "",
    });
  });
});

describe("a client can be asked", () => {
  const form = { elicitation: { form: {} } };
  const url = { elicitation: { url: {} } };
  it.each([
    ["elicitation/create", {}, { elicitation: {} }, true],
    ["elicitation/create", { mode: "form" }, { elicitation: {} }, true],
    ["elicitation/create", { mode: "url" }, { elicitation: {} }, false],
    ["elicitation/create", { mode: "url" }, form, false],
    ["elicitation/create", { mode: "url" }, url, true],
    ["elicitation/create", {}, url, false],
    ["elicitation/create", { mode: "constructor" }, form, false],
    ["elicitation/create", { mode: 7 }, form, false],
    ["elicitation/create", {}, {}, false],
    ["sampling/createMessage", {}, { sampling: {} }, true],
    ["sampling/createMessage", {}, { sampling: true }, false],
    ["roots/list", {}, { roots: {} }, true],
    ["roots/list", {}, { sampling: {} }, false],
    ["tools/call", {}, { elicitation: {}, sampling: {}, roots: {} }, false],
  ] as const)("%s %j by %j: %s", (method, params, capabilities, can) => {
    expect(canAnswer(ask(method, params), capabilities)).toBe(can);
  });
});

it("a client is asked as by a server of its own era", () => {
  expect(JSON.parse(askFrame(ask("roots/list", {}), "x").line.toString())).toEqual({
    jsonrpc: "2.0",
    id: "x",
    method: "roots/list",
    params: {},
  });
  expect(askFrame(ask("elicitation/create", { message: "m" }), "x").params).toEqual({ message: "m" });
  expect(askFrame(ask("elicitation/create", { mode: "url", url: "u:" }), "x")).toMatchObject({
    params: { mode: "url", url: "u:", elicitationId: "x" },
    line: expect.stringContaining('"elicitationId":"x"') as string,
  });
});

function ask(method: string, params: AskedInput["params"]): AskedInput {
  return { key: "k", method, params, paramsText: JSON.stringify(params) };
}

function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":{"method":"roots/list"}`).join(",");
}
