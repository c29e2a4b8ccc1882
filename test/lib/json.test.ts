import { describe, expect, it } from "vitest";
import { isObject, member } from "../../src/lib/json.ts";

it("takes only a JSON object for an object", () => {
  expect([{}, { a: 1 }, JSON.parse('{"__proto__":1}')].filter(isObject)).toHaveLength(3);
  expect([null, undefined, [], "x", 1, true].filter(isObject)).toEqual([]);
});

describe("a member", () => {
  it("is found by its key", () => {
    expect(member({ a: 0 }, "a")).toBe(0);
    expect(member(JSON.parse('{"__proto__":{"a":1}}'), "__proto__")).toEqual({ a: 1 });
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("is never %s of the prototype", (key) => {
    expect(member({}, key)).toBeUndefined();
  });

  it("is not looked for in what is no object", () => {
    for (const value of [null, undefined, "abc", 5, ["a"]]) expect(member(value, "length")).toBeUndefined();
  });
});
