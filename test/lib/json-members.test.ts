import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberOf, membersOf, objectText } from "../../src/lib/json-members.ts";

describe("the members of an object", () => {
  it("are found with their exact text, whatever stands between them", () => {
    const text = ' { "a" : 1 ,\t"b":{"a":[2,"}"]}, "\\u0063":"\\"" , "d":null\n}';
    const found = membersOf(text).map(({ key, valueAt, end }) => [key, text.slice(valueAt, end)]);
    expect(found).toEqual([
      ["a", "1"],
      ["b", '{"a":[2,"}"]}'],
      ["c", '"\\""'],
      ["d", "null"],
    ]);
  });

  it.each(["[1]", '"a"', "5", "null", "{}"])("are none in %s", (text) => {
    expect(membersOf(text)).toEqual([]);
  });

  it("are those that JSON.parse sees, in every JSON object", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const found = membersOf(text).map(({ key, valueAt, end }) => [key, JSON.parse(text.slice(valueAt, end))]);
        expect(found).toEqual(Object.entries(JSON.parse(text)));
      }),
    );
  });

  it("can be left out, replaced and added to", () => {
    const text = '{"a": 1, "b": 2.0, "c": 3}';
    const members = membersOf(text);
    const kept = objectText(
      members,
      ({ key, keyAt, end }) => (key === "a" ? undefined : key === "c" ? '"c":0' : text.slice(keyAt, end)),
      ['"d":4'],
    );
    expect(kept).toBe('{"b": 2.0,"c":0,"d":4}');
    expect(memberOf(members, "b")?.valueAt).toBe(text.indexOf("2.0"));
    expect(memberOf(members, "z")).toBeUndefined();
  });
});
