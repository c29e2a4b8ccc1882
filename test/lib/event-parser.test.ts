import { describe, expect, it } from "vitest";
import { EventParser } from "../../src/lib/event-parser.ts";

interface Seen {
  readonly events: [string, string, string | undefined][];
  readonly retries: number[];
  readonly tooLong: [string, string, number][];
  readonly parser: EventParser;
}

/** Everything that comes of a text, in chunks of `size` bytes. */
function parse(text: string | Buffer, size: number, limit = 1_000_000): Seen {
  const seen: Omit<Seen, "parser"> = { events: [], retries: [], tooLong: [] };
  const parser = new EventParser(limit, {
    event: ({ type, data, id }) => seen.events.push([type, data.toString(), id]),
    retry: (ms) => seen.retries.push(ms),
    tooLong: (head, tail, bytes) => seen.tooLong.push([head, tail, bytes]),
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return { ...seen, parser };
}

const SIZES = [1, 2, 3, 7, 64, 100_000];

describe("an event stream (WHATWG HTML §9.2.6), however it is cut,", () => {
  it.each<[string, string, [string, string, string | undefined][]]>([
    ["one event", "data: a\n\n", [["message", "a", undefined]]],
    ["its type", "event: endpoint\ndata: /x\n\n", [["endpoint", "/x", undefined]]],
    [
      "the usual type",
      "event: message\ndata: a\n\nevent: x\ndata: b\n\ndata: c\n\n",
      [
        ["message", "a", undefined],
        ["x", "b", undefined],
        ["message", "c", undefined],
      ],
    ],
    ["the last of two types", "event: x\nevent: message\ndata: a\n\n", [["message", "a", undefined]]],
    [
      "no space after the colon",
      "data:a\n\ndata:  b\n\n",
      [
        ["message", "a", undefined],
        ["message", " b", undefined],
      ],
    ],
    ["several lines of data", "data: a\ndata: b\ndata\ndata: c\n\n", [["message", "a\nb\n\nc", undefined]]],
    ["comments and unknown fields", ": hi\nfoo: bar\nbaz\ndatax: no\ndata: a\n:\n\n", [["message", "a", undefined]]],
    [
      "CRLF",
      "id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
      [
        ["message", "a", "1"],
        ["message", "b", "1"],
      ],
    ],
    [
      "CR alone",
      "data: a\r\rdata: b\r\r",
      [
        ["message", "a", undefined],
        ["message", "b", undefined],
      ],
    ],
    ["a byte order mark", "\uFEFFdata: a\n\n", [["message", "a", undefined]]],
    ["an event without data", "id: 7\nevent: x\n\ndata: a\n\n", [["message", "a", "7"]]],
    ["empty data", "id: 7\ndata: \n\n", [["message", "", "7"]]],
    [
      "an id that is taken back",
      "id: 7\ndata: a\n\nid\ndata: b\n\n",
      [
        ["message", "a", "7"],
        ["message", "b", undefined],
      ],
    ],
    ["an id with a NUL", "id: a\0b\ndata: a\n\n", [["message", "a", undefined]]],
    ["an unfinished event", "data: a\n\ndata: b\n", [["message", "a", undefined]]],
    ["characters of several bytes", "data: ä€𝄞\n\n", [["message", "ä€𝄞", undefined]]],
  ])("%s", (_what, text, events) => {
    for (const size of SIZES) expect(parse(text, size).events).toEqual(events);
  });

  it("tells how long to wait, and where to go on", () => {
    for (const size of SIZES) {
      const { retries, parser } = parse("retry: 1500\nretry: soon\nretry: -1\nid: 42\ndata:\n\n", size);
      expect([retries, parser.lastEventId]).toEqual([[1_500], "42"]);
    }
  });

  it("does not go on after an event that was cut off", () => {
    for (const end of ["id: 43", "id: 43\n", "id: 43\ndata: b", "id: 43\ndata: b\n"]) {
      for (const size of SIZES) expect(parse(`id: 42\ndata: a\n\n${end}`, size).parser.lastEventId).toBe("42");
    }
  });

  it("keeps only the ends of data over the limit, and goes on after it", () => {
    const long = `{"id":1,${"x".repeat(5_000)}}`;
    for (const size of SIZES)
      for (const text of [`data: ${long}\n\n`, `data: ${long.slice(0, 700)}\ndata: ${long.slice(700)}\n\n`]) {
        const { events, tooLong, parser } = parse(`${text}data: after\n\n`, size, 600);
        expect(events).toEqual([["message", "after", undefined]]);
        expect(tooLong).toHaveLength(1);
        expect(tooLong[0]?.[0]).toMatch(/^\{"id":1,x+/);
        expect(tooLong[0]?.[1]).toMatch(/x+\}$/);
        expect(parser.isEndless).toBe(false);
      }
  });

  it("notices data that has no end, and holds none of it", () => {
    const { events, parser } = parse(`data: ${"x".repeat(100_000)}`, 1_000, 10_000);
    expect([events, parser.isEndless]).toEqual([[], true]);
  });

  it("passes long data on as it is", () => {
    const long = "ä".repeat(100_000);
    expect(parse(`data: ${long}\n\n`, 4_096).events).toEqual([["message", long, undefined]]);
  });
});
