import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter, type Line } from "../../src/lib/lines.ts";
import type { Pieces } from "../../src/lib/pieces.ts";
import { cutAt, piecesOf } from "../helpers/pieces.ts";

type Seen = string | { readonly head: string; readonly tail: string; readonly bytes: number };

const LIMIT = 1024;
const LONG = 16 * 1024;

describe("a stream of bytes", () => {
  it("gives the same lines however it is cut into chunks", () => {
    const piece = fc.oneof(
      fc.constantFrom("\n", "\r\n", "\r", "\n\n", "", "é", "漢", "🎈", "\u2028"),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.integer({ min: LIMIT - 3, max: LIMIT + 700 }).map((length) => "x".repeat(length)),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(5_000)), (whole, cuts) => {
        expect(linesOf(cutAt(Buffer.from(whole), cuts))).toEqual(linesOf([Buffer.from(whole)]));
      }),
      { numRuns: 300 },
    );
  });

  it("gives what splitting the whole text at its newlines would give", () => {
    const text = fc.array(fc.oneof(fc.constantFrom("\n", "\r\n"), fc.string({ unit: "grapheme", maxLength: 60 })));
    fc.assert(
      fc.property(text, fc.array(fc.nat(500)), (pieces, cuts) => {
        const whole = `${pieces.join("")}\n`;
        const expected = whole
          .split("\n")
          .map((line) => line.replace(/\r$/, ""))
          .filter((line) => line !== "" && Buffer.byteLength(line) < LIMIT);
        const seen = linesOf(cutAt(Buffer.from(whole), cuts)).filter((line) => typeof line === "string");
        expect(seen).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a character together that comes in two chunks", () => {
    const bytes = Buffer.from("🎈\n");
    expect(linesOf([bytes.subarray(0, 2), bytes.subarray(2)])).toEqual(["🎈"]);
  });

  it("gives no line before its newline", () => {
    expect(linesOf([Buffer.from('{"half":')])).toEqual([]);
  });
});

describe("the end of a line", () => {
  it("may be CRLF", () => {
    expect(linesOf([Buffer.from("a\r\nb\n")])).toEqual(["a", "b"]);
  });

  it("may be a CRLF that is cut in two", () => {
    expect(linesOf([Buffer.from("a\r"), Buffer.from("\nb\n")])).toEqual(["a", "b"]);
  });

  it("is not a carriage return alone, nor a line separator", () => {
    expect(linesOf([Buffer.from("a\rb\u2028c\n")])).toEqual(["a\rb\u2028c"]);
  });
});

it("leaves empty lines out", () => {
  expect(linesOf([Buffer.from("\n\r\n\na\n\n")])).toEqual(["a"]);
});

it("gives a short line as text and a long one as bytes", () => {
  const lines = longLinesOf([Buffer.from(`${"a".repeat(LONG)}\n${"b".repeat(LONG + 1)}\n`)]);
  expect(lines).toEqual(["a".repeat(LONG), piecesOf("b".repeat(LONG + 1))]);
});

describe("a long line", () => {
  it("is given whole, without its end, however it is cut into chunks", () => {
    const length = fc.integer({ min: LONG - 6, max: LONG + 6 });
    const [last, end] = [fc.constantFrom("", "é", "🎈", "\r"), fc.constantFrom("\n", "\r\n")];
    fc.assert(
      fc.property(length, last, end, fc.array(fc.nat(6)), (count, lastLetter, newline, nearEnd) => {
        const whole = Buffer.from(`${"x".repeat(count)}${lastLetter}${newline}`);
        const lines = longLinesOf(
          cutAt(
            whole,
            nearEnd.map((distance) => whole.length - distance),
          ),
        );
        const expected = whole.toString().replace(/\r?\n$/, "");
        const bytes = Buffer.byteLength(expected);
        expect(lines.map(String)).toEqual([expected]);
        expect(typeof lines[0] === "string" ? bytes <= LONG : bytes >= LONG).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is not copied when it comes in long chunks", () => {
    const chunks = ["a", "b", "c"].map((letter) => Buffer.alloc(4 * LONG, letter));
    const [line, ...others] = longLinesOf([...chunks, Buffer.from("\r\n")]);
    expect(others).toEqual([]);
    expect(String(line)).toBe(Buffer.concat(chunks).toString());
    const shared = (line as Pieces).parts.slice(0, 3).map(({ buffer }, index) => buffer === chunks[index]?.buffer);
    expect(shared).toEqual([true, true, true]);
  });
});

describe("a line over the limit", () => {
  it("is reported with its length and its two ends", () => {
    const line = `${"a".repeat(600)}${"b".repeat(5_000)}${"c".repeat(600)}`;
    expect(linesOf([Buffer.from(`${line}\n`)])).toEqual([
      { head: "a".repeat(512), tail: "c".repeat(512), bytes: 6_200 },
    ]);
  });

  it("is one when it is a byte over, and none when it is as long as the limit", () => {
    const [whole, over] = linesOf([Buffer.from(`${"a".repeat(LIMIT)}\n${"b".repeat(LIMIT + 1)}\n`)]);
    expect(whole).toBe("a".repeat(LIMIT));
    expect(over).toMatchObject({ bytes: LIMIT + 1 });
  });

  it("is reported only once it has ended", () => {
    const [first, ...others] = [Buffer.alloc(LIMIT * 4, "x"), Buffer.alloc(LIMIT * 4, "y"), Buffer.from("\n")];
    const lines: Seen[] = [];
    const splitter = splitterInto(lines);
    splitter.push(first ?? Buffer.alloc(0));
    expect(lines).toEqual([]);
    for (const chunk of others) splitter.push(chunk);
    expect(lines).toEqual([{ head: "x".repeat(512), tail: "y".repeat(512), bytes: LIMIT * 8 }]);
  });

  it("does not affect the next line", () => {
    const chunks = [Buffer.alloc(LIMIT * 3, "x"), Buffer.from('xx\n{"id":1}\n')];
    expect(linesOf(chunks)).toEqual([expect.objectContaining({ bytes: LIMIT * 3 + 2 }), '{"id":1}']);
  });

  it("takes no memory however long it goes on", () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const lines: Seen[] = [];
    const splitter = splitterInto(lines);
    for (let sent = 0; sent < 20 * 16; sent++) splitter.push(chunk);
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 200 * 16; sent++) splitter.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    splitter.push(Buffer.from("\n"));
    expect(lines).toEqual([expect.objectContaining({ bytes: 220 * 16 * 64 * 1024 })]);
  });
});

function linesOf(chunks: readonly Buffer[]): Seen[] {
  const lines: Seen[] = [];
  const splitter = splitterInto(lines);
  for (const chunk of chunks) splitter.push(chunk);
  return lines;
}

function splitterInto(lines: Seen[]): LineSplitter {
  return new LineSplitter(LIMIT, {
    line: (line) => lines.push(line.toString()),
    tooLong: (head, tail, bytes) => lines.push({ head, tail, bytes }),
  });
}

/** Lines as they are given, none of them too long. */
function longLinesOf(chunks: readonly Buffer[]): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter(100 * LONG, { line: (line) => lines.push(line), tooLong: () => undefined });
  for (const chunk of chunks) splitter.push(chunk);
  return lines;
}

it("a skipped line is reported as raw bytes, also when it arrived in parts", () => {
  const read: string[] = [];
  const skipped: string[] = [];
  const splitter = new LineSplitter(LIMIT, {
    line: (line) => read.push(line.toString()),
    tooLong: () => read.push("too long"),
    isWorthReading: (firstByte) => firstByte === 0x7b,
    skipped: (bytes, start, end) => skipped.push(bytes.toString("utf8", start, end)),
  });
  for (const chunk of ["banner\n{1}\r\nmo", "re\n\n{", "2}\n"]) splitter.push(Buffer.from(chunk));
  expect(read).toEqual(["{1}", "{2}"]);
  expect(skipped).toEqual(["banner", "more"]);
});
