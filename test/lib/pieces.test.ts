import { isUtf8 } from "node:buffer";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addPart, Pieces } from "../../src/lib/pieces.ts";
import { cutAt, piecesOf, singly } from "../helpers/pieces.ts";

const KIB = 1024;
const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "漢", "🎈", "\u{10FFFF}", "\u0800"), maxLength: 40 });
/** Bytes that begin, continue or break a UTF-8 sequence. */
const byte = fc.constantFrom(...Buffer.from("00617f808f909fa0bfc0c1c2dfe0e1edeff0f1f4f5f8ff", "hex"));
const bytes = fc.oneof(
  text.map((whole) => Buffer.from(whole)),
  // Truncated within a sequence, at either end.
  fc.tuple(text, fc.nat(3), fc.nat(3)).map(([whole, start, end]) => {
    const all = Buffer.from(whole);
    return all.subarray(start, Math.max(start, all.length - end));
  }),
  fc.tuple(text, fc.array(byte, { maxLength: 5 }), text).map(([before, spoilt, behind]) => {
    return Buffer.concat([Buffer.from(before), Buffer.from(spoilt), Buffer.from(behind)]);
  }),
  fc.array(byte, { maxLength: 12 }).map((all) => Buffer.from(all)),
  fc.uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all)),
);
const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** The bytes whole, cut anywhere, and one by one. */
const formsOf = (whole: Buffer, places: readonly number[]): Pieces[] => [
  piecesOf(whole),
  new Pieces(cutAt(whole, places)),
  new Pieces(singly(whole)),
];

describe("bytes in parts", () => {
  it("are valid UTF-8 when they are so as a whole", () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        for (const pieces of formsOf(whole, places)) expect(pieces.isUtf8()).toBe(isUtf8(whole));
      }),
      { numRuns: 5_000 },
    );
  });

  it("are no valid UTF-8 when they begin or end within a character", () => {
    for (const character of ["é", "漢", "🎈"].map((one) => Buffer.from(one))) {
      for (let length = 1; length < character.length; length++) {
        for (const broken of [character.subarray(0, length), character.subarray(length)]) {
          const begun = Buffer.concat([Buffer.alloc(20, "x"), broken]);
          for (const pieces of formsOf(begun, [20, 9])) expect(pieces.isUtf8()).toBe(false);
          const inside = Buffer.concat([begun, Buffer.alloc(20, "x")]);
          for (const pieces of formsOf(inside, [20, 20 + broken.length])) expect(pieces.isUtf8()).toBe(false);
        }
      }
    }
  });

  it("are read as the text that they are as a whole", () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        for (const pieces of formsOf(whole, places)) expect(String(pieces)).toBe(whole.toString("utf8"));
      }),
    );
  });

  it("join to the whole, and are as long", () => {
    fc.assert(
      fc.property(bytes, cuts, (whole, places) => {
        for (const pieces of formsOf(whole, places)) {
          expect(pieces.join().equals(whole)).toBe(true);
          expect(pieces.length).toBe(whole.length);
        }
      }),
    );
  });

  it("are not copied when they join from one part", () => {
    const whole = Buffer.from("whole");
    expect(new Pieces([whole]).join()).toBe(whole);
  });

  it("may be none", () => {
    for (const none of [new Pieces([]), new Pieces([Buffer.alloc(0), Buffer.alloc(0)])]) {
      expect(none.length).toBe(0);
      expect(none.join()).toEqual(Buffer.alloc(0));
      expect([none.head(3), none.tail(3), String(none)]).toEqual(["", "", ""]);
      expect(none.isUtf8()).toBe(true);
      expect(none.includes("a")).toBe(false);
    }
  });
});

describe("a slice", () => {
  it("is that of the whole", () => {
    fc.assert(
      fc.property(bytes, cuts, fc.nat(50), fc.option(fc.nat(50), { nil: undefined }), (whole, places, start, end) => {
        const expected = whole.subarray(start, end);
        for (const pieces of formsOf(whole, places)) {
          const slice = pieces.slice(start, end);
          expect(slice.join().equals(expected)).toBe(true);
          expect(slice.length).toBe(expected.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("shares its memory, and leaves the whole as it was", () => {
    const parts = ["abc", "def", "ghi"].map((part) => Buffer.from(part));
    const pieces = new Pieces(parts);
    const slice = pieces.slice(1, 8);
    expect(slice.parts.map(String)).toEqual(["bc", "def", "gh"]);
    parts[0]?.write("x", 1);
    expect([slice, pieces].map(String)).toEqual(["xcdefgh", "axcdefghi"]);
  });

  it("at either end is one character for each byte", () => {
    fc.assert(
      fc.property(bytes, cuts, fc.nat(50), (whole, places, count) => {
        for (const pieces of formsOf(whole, places)) {
          expect(pieces.head(count)).toBe(whole.toString("latin1", 0, count));
          expect(pieces.tail(count)).toBe(whole.toString("latin1", Math.max(0, whole.length - count)));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a text", () => {
  it("is in the parts when it is in the whole", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength: 30 });
    const wanted = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(letters, cuts, wanted, (whole, places, needle) => {
        for (const pieces of formsOf(Buffer.from(whole), places)) {
          expect(pieces.includes(needle)).toBe(whole.includes(needle));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["in one part", ["xx", '{"isError":true', "xx"]],
    ["across two parts", ["xxxxxxxxxxxxxx", '{"isEr', 'ror":true}xxxxxxxxxxxxxxx']],
    ["across two parts, but for its first byte", ['xxxxxxxxxxxxxx"', 'isError"']],
    ["across two parts, but for its last byte", ['"isError', '"xxxxxxxxxxxxxxx']],
    ["across three parts", ["xxxxxxxxxxxxxx", '{"is', "Err", 'or":true}xxxxxxxxxxxxxxx']],
    ["across three parts, the one between them empty", ['{"isErr', "", 'or":true}']],
    ["across as many parts as it has bytes", '{"isError":true}'.split("")],
  ])("is found %s", (_where, parts) => {
    expect(new Pieces(parts.map((part) => Buffer.from(part))).includes('"isError"')).toBe(true);
  });

  it("is not found when only its bytes are there, in another order or with others between them", () => {
    const parts = ['"isErr', "x", 'or"', '"isErr'].map((part) => Buffer.from(part));
    expect(new Pieces(parts).includes('"isError"')).toBe(false);
  });
});

describe("parts that are added one by one", () => {
  it("are the same bytes in the same order", () => {
    const size = fc.oneof(fc.nat(20), fc.nat(2 * KIB), fc.nat(70 * KIB));
    fc.assert(
      fc.property(fc.array(size, { maxLength: 40 }), (sizes) => {
        const given: Buffer[] = sizes.map((length, index) => Buffer.alloc(length, index + 1));
        const parts = added(given);
        expect(Buffer.concat(parts).equals(Buffer.concat(given))).toBe(true);
        expect(parts.every((part) => part.length <= 32 * KIB || given.includes(part))).toBe(true);
      }),
    );
  });

  it("end up in few parts when they are 100,000 of one byte, each of which is copied a few times only", () => {
    const whole = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const parts: Buffer[] = [];
    let copied = 0;
    for (const one of singly(whole)) {
      const before = new Set([...parts, one]);
      addPart(parts, one);
      // Counts the bytes of parts that are neither the new one nor an old one: those were copied.
      for (const part of parts) if (!before.has(part)) copied += part.length;
    }
    expect(copied).toBeGreaterThan(0);
    expect(parts.length).toBeLessThan(50);
    expect(copied).toBeLessThan(40 * whole.length);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  it("are never copied when they are of 64 KiB, whatever comes between them", () => {
    const long = Array.from({ length: 20 }, (_, index) => Buffer.alloc(64 * KIB, index + 1));
    for (const between of [[], ["a"], ["a", "b", "c"], [""]]) {
      const given = long.flatMap((part) => [part, ...between.map((short) => Buffer.from(short))]);
      const parts = added(given);
      expect(long.map((part) => parts.includes(part))).toEqual(long.map(() => true));
      expect(Buffer.concat(parts).equals(Buffer.concat(given))).toBe(true);
    }
    expect(added(long)).toHaveLength(long.length);
  });
});

function added(given: readonly Buffer[]): Buffer[] {
  const parts: Buffer[] = [];
  for (const part of given) addPart(parts, part);
  return parts;
}
