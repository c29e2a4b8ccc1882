import { expect, it } from "vitest";
import { parseJsonBody } from "../../src/protocol/json-body.ts";

it("a body that is JSON is its value", () => {
  expect(parseJsonBody('{"a":[1]}')).toEqual({ a: [1] });
});

it("in a long body the mistake is not searched for", () => {
  const body = `[${"1,".repeat(100_000)}]`;
  expect(() => parseJsonBody(body)).toThrow(expect.objectContaining({ message: "The body is not valid JSON." }));
});

it.each([
  ["", "line 1, column 1 has the end of the text where a value is expected"],
  ['{\n  "a": 1,\n}', 'line 3, column 1 has "}" where a name in double quotes is expected'],
  ['{"a":1} x', 'line 1, column 9 has "x" where nothing more is expected'],
])("a mistake is told with its place: %j", (body, place) => {
  expect(() => parseJsonBody(body)).toThrow(
    expect.objectContaining({ reason: "invalid_json", message: `The body is not valid JSON: ${place}.` }),
  );
});
