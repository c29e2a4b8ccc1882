import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closingEnd } from "../../src/lib/byte-scan.ts";
import { Pieces } from "../../src/lib/pieces.ts";
import { cutAt, piecesOf, singly } from "../helpers/pieces.ts";

/** Characters that could confuse a scan. */
const stringUnit = fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "\n", "a", "é", "🎈", "\u2028");
const key = fc.string({ unit: stringUnit, maxLength: 6 });
const value = fc.jsonValue({ stringUnit });
const json = fc
  .tuple(fc.oneof(fc.array(value), fc.dictionary(key, value)), fc.constantFrom(undefined, 1, "\t"))
  .map(([outermost, space]) => JSON.stringify(outermost, undefined, space));
const around = fc.string({ unit: stringUnit, maxLength: 20 });
const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe("the end of an object or an array", () => {
  it("is found whatever is before and behind it, however it is cut", () => {
    fc.assert(
      fc.property(json, around, around, cuts, (text, before, behind, places) => {
        const bytes = Buffer.from(`${before}${text}${behind}`);
        const start = Buffer.byteLength(before);
        const end = start + Buffer.byteLength(text);
        expect(closingEnd(piecesOf(bytes), start)).toBe(end);
        expect(closingEnd(new Pieces(cutAt(bytes, places)), start)).toBe(end);
        expect(closingEnd(new Pieces(singly(bytes)), start)).toBe(end);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is not found when it does not come", () => {
    fc.assert(
      fc.property(json, fc.nat(), cuts, (text, length, places) => {
        const whole = Buffer.from(text);
        const bytes = whole.subarray(0, length % whole.length);
        expect(closingEnd(piecesOf(bytes), 0)).toBe(-1);
        expect(closingEnd(new Pieces(cutAt(bytes, places)), 0)).toBe(-1);
        expect(closingEnd(new Pieces(singly(bytes)), 0)).toBe(-1);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["{}", 2],
    ["[]", 2],
    ["{}}", 2],
    ["[[]{}]]", 6],
    [String.raw`{"a":"\"}"}`, 11],
    [String.raw`{"a":"\\"}"}`, 10],
    [String.raw`{"a":"\\\"}"}`, 13],
    [String.raw`{"\\":"}"}`, 10],
    [String.raw`{"a":"\u0022}"}`, 15],
    ['{"a":"}', -1],
    [String.raw`{"a":"\"}`, -1],
    ["[{}", -1],
    ["", -1],
  ])("of %s is at %d, wherever it is cut", (text, end) => {
    const bytes = Buffer.from(text);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        expect(closingEnd(new Pieces(cutAt(bytes, [first, second])), 0)).toBe(end);
      }
    }
    expect(closingEnd(new Pieces(singly(bytes)), 0)).toBe(end);
  });
});
