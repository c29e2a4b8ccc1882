import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayElements, type KeyPosition, scanKeys, valueEnd } from "../../src/lib/json-scan.ts";

/** JSON values whose strings look like JSON, with white space between all tokens. */
const awkward = fc.oneof(fc.string(), fc.constantFrom('"', "\\", '\\"', '{"a":[', "]}", ":", ",", "\\\\", "é\u2028"));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    awkward,
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(awkward, tie("value"), { maxKeys: 5 }),
  ),
}));
const json = fc
  .tuple(value, fc.constantFrom(0, 1, "\t", "\r\n "))
  .map(([data, space]) => ({ data, text: JSON.stringify(data, undefined, space) }));

describe("scanKeys", () => {
  it("finds the keys of every object as JSON.parse does, with their depth", () => {
    fc.assert(
      fc.property(json, ({ data, text }) => {
        const seen = keysOf(text, 1_000).map(({ key, depth }) => `${depth} ${key}`);
        expect(seen.toSorted()).toEqual(keysIn(data, 0).toSorted());
      }),
    );
  });

  it("gives the deepest nesting", () => {
    fc.assert(
      fc.property(json, ({ data, text }) => {
        expect(scanKeys(text, 0, () => undefined)).toBe(depthOf(data));
      }),
    );
  });

  it("says where a value starts", () => {
    fc.assert(
      fc.property(fc.dictionary(awkward, value, { minKeys: 1 }), fc.constantFrom(0, 2), (data, space) => {
        const text = JSON.stringify(data, undefined, space);
        for (const { key, valueAt } of keysOf(text, 1)) {
          const start = JSON.stringify(data[key], undefined, space).slice(0, 1);
          expect(text.slice(valueAt, valueAt + 1)).toBe(start);
        }
      }),
    );
  });

  it("reports keys down to the given depth, and no deeper", () => {
    expect(keysOf('{"a":{"b":{"c":1}},"d":[{"e":2}]}', 2).map(({ key }) => key)).toEqual(["a", "b", "d"]);
  });

  it("reports a repeated key each time", () => {
    expect(keysOf('{"id":1,"id":2}', 1)).toEqual([
      { key: "id", depth: 1, keyAt: 1, valueAt: 6 },
      { key: "id", depth: 1, keyAt: 8, valueAt: 13 },
    ]);
  });

  it("reads an escaped key as JSON.parse reads it", () => {
    const text = String.raw`{"\u006dethod":1,"a\"b":2,"c\\":3}`;
    expect(keysOf(text, 1).map(({ key }) => key)).toEqual(Object.keys(JSON.parse(text)));
  });

  it("survives any depth", () => {
    const levels = 500_000;
    expect(scanKeys("[".repeat(levels) + "]".repeat(levels), 2, () => undefined)).toBe(levels);
  });
});

describe("valueEnd", () => {
  it("gives the whole text of every value that scanKeys has found, and no more", () => {
    fc.assert(
      fc.property(fc.dictionary(awkward, value, { minKeys: 1 }), fc.constantFrom(0, 2, "\r\n"), (data, space) => {
        const text = JSON.stringify(data, undefined, space);
        for (const { key, valueAt } of keysOf(text, 1)) {
          const found: unknown = JSON.parse(text.slice(valueAt, valueEnd(text, valueAt)));
          expect(found).toEqual(JSON.parse(JSON.stringify(data[key])));
        }
      }),
    );
  });

  it("is the end of the text for a text that is one value", () => {
    for (const text of ["12", "true", '"a,]}"', "[1,[2]]", '{"a":{"b":1}}'])
      expect(valueEnd(text, 0)).toBe(text.length);
  });
});

describe("arrayElements", () => {
  it("gives the texts of what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.array(value), fc.constantFrom(0, 2, "\r\n"), (data, space) => {
        const texts = arrayElements(JSON.stringify(data, undefined, space));
        expect(texts.map((text): unknown => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });

  it("gives each element exactly as it was written, without the space around it", () => {
    expect(arrayElements(' [ 1.0 , {"a" :[1,2]}\n,"x,]" , 12345678901234567890 ] ')).toEqual([
      "1.0",
      '{"a" :[1,2]}',
      '"x,]"',
      "12345678901234567890",
    ]);
  });

  it("gives nothing for an empty array", () => {
    expect(arrayElements(" [ \n] ")).toEqual([]);
  });
});

function keysOf(text: string, maxKeyDepth: number): KeyPosition[] {
  const seen: KeyPosition[] = [];
  scanKeys(text, maxKeyDepth, (key) => seen.push(key));
  return seen;
}

function keysIn(data: unknown, depth: number): string[] {
  if (typeof data !== "object" || data === null) return [];
  const own = Array.isArray(data) ? [] : Object.keys(data).map((key) => `${depth + 1} ${key}`);
  return [...own, ...Object.values(data).flatMap((inner) => keysIn(inner, depth + 1))];
}

function depthOf(data: unknown): number {
  if (typeof data !== "object" || data === null) return 0;
  return 1 + Math.max(0, ...Object.values(data).map(depthOf));
}
