import { assert, constantFrom, json, nat, oneof, property, string, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonError } from "../../src/lib/json-error.ts";

describe("the first mistake in a text that is no JSON", () => {
  it.each<[text: string, line: number, column: number, found: string | undefined, expected: string]>([
    ['{"a": 1,}', 1, 9, "}", "a name in double quotes"],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '"', "a comma or }"],
    ["{ nope }", 1, 3, "n", "a name in double quotes or }"],
    ["{'a': 1}", 1, 2, "'", "a name in double quotes or }"],
    ['{"a" 1}', 1, 6, "1", "a colon"],
    ["[1, 2", 1, 6, undefined, "a comma or ]"],
    ["[1,]", 1, 4, "]", "a value"],
    ["[", 1, 2, undefined, "a value or ]"],
    ["", 1, 1, undefined, "a value"],
    ["{} {}", 1, 4, "{", "nothing more"],
    ['{"a": undefined}', 1, 7, "u", "a value"],
    ['{"a": 01}', 1, 8, "1", "a comma or }"],
    ['"a\nb"', 1, 3, "\n", 'a closing ", or an escape such as \\n'],
    ['"a', 1, 3, undefined, 'a closing "'],
    ['"C:\\dir"', 1, 4, "\\", 'an escape such as \\n, \\" or \\\\'],
    ["[1}", 1, 3, "}", "a comma or ]"],
    ['{"😀": 😀}', 1, 8, "😀", "a value"],
  ])("%j", (text, ...[line, column, found, expected]) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(findJsonError(text)).toEqual({ line, column, found, expected });
  });

  it("is there where JSON.parse finds one, and only there", () => {
    const nearlyJson = tuple(
      json(),
      nat(),
      constantFrom("", ",", "}", "]", '"', "\\", "\n", "x", "1", " ", "\u0085"),
    ).map(
      ([text, at, more]) => text.slice(0, at % (text.length + 1)) + more + text.slice((at % (text.length + 1)) + 1),
    );
    assert(
      property(oneof(json(), nearlyJson, string()), (text) => {
        expect(findJsonError(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("is found in a long text, whatever it holds", () => {
    for (const long of [`["${"a".repeat(8_000_000)}`, `[${"1,".repeat(2_000_000)}`, `"${"\\n".repeat(3_000_000)}`])
      expect(findJsonError(long)).toMatchObject({ column: long.length + 1, found: undefined });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
