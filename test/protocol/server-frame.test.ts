import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Pieces } from "../../src/lib/pieces.ts";
import { idInEnds, readServerLine } from "../../src/protocol/server-frame.ts";
import { cutAt, piecesOf } from "../helpers/pieces.ts";

/** Text that looks like the envelope, as it can occur in a payload. */
const lookAlike = fc.constantFrom(
  '},"jsonrpc":"2.0","id":99}',
  '{"jsonrpc":"2.0","id":99,"result":{}}',
  '\\"},\\"jsonrpc\\":\\"2.0\\",\\"id\\":99}',
  '"}}',
  "}}",
  '\\"',
  "\\",
  '"id":"x"}',
  "é🎈\u2028",
);
const text = fc.array(fc.oneof(lookAlike, fc.string()), { maxLength: 4 }).map((parts) => parts.join(""));
const payload = fc.oneof(
  text,
  fc.integer(),
  fc.record({ jsonrpc: fc.constant("2.0"), id: fc.constant(99) }),
  fc.record({ result: fc.constant({}), jsonrpc: fc.constant("2.0"), id: fc.constant(99) }),
  fc.array(text, { maxLength: 3 }),
);
const id = fc.oneof(fc.integer(), fc.maxSafeInteger(), text, fc.constantFrom(0, "", -1, "a\\b", "é"));

/** Messages with the key orders of SDKs, and with others. */
const answer = fc
  .tuple(id, fc.dictionary(fc.string(), payload, { maxKeys: 4 }), fc.constantFrom("a", "b", "c", "d", "e", "f"))
  .map(([theId, result, shape]) => {
    const error = { code: -1, message: "no", data: result };
    switch (shape) {
      case "a":
        return { jsonrpc: "2.0", id: theId, result };
      case "b":
        return { result, jsonrpc: "2.0", id: theId };
      case "c":
        return { jsonrpc: "2.0", result, id: theId };
      case "d":
        return { jsonrpc: "2.0", id: theId, error };
      case "e":
        return { error, jsonrpc: "2.0", id: theId };
      default:
        return { id: theId, result, jsonrpc: "2.0" };
    }
  });

describe("a long line, given as bytes,", () => {
  it("is read as the same line given as text, however it is cut", () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat()), (message, cuts) => {
        const line = JSON.stringify(message);
        const pieces = new Pieces(cutAt(Buffer.from(line), cuts));
        expect(withoutLine(readServerLine(pieces))).toEqual(withoutLine(readServerLine(line)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps its bytes", () => {
    const line = piecesOf(`{"jsonrpc":"2.0","id":1,"result":{"text":"${"é".repeat(20_000)}"}}`);
    const read = readServerLine(line);
    expect(read).toEqual({ kind: "response", id: 1, failed: false, line });
    expect((read as { line: unknown }).line).toBe(line);
  });

  it.each([
    ["an envelope that comes first", '{"jsonrpc":"2.0","id":7,"result":{"text":"', '"}}'],
    ["an envelope that comes last", '{"result":{"text":"', '"},"jsonrpc":"2.0","id":7}'],
  ])("with %s is not fooled by a look-alike at the end of a string", (_what, head, tail) => {
    for (const fake of ['},"jsonrpc":"2.0","id":99}', '{"jsonrpc":"2.0","id":99,"result":{']) {
      const escaped = JSON.stringify(fake).slice(1, -1);
      const line = `${head}${escaped.repeat(1_000)}${tail}`;
      expect(readServerLine(piecesOf(line))).toMatchObject({ kind: "response", id: 7 });
    }
  });

  it("may be a request or a notification, which are read in full", () => {
    const params = { text: "x".repeat(20_000) };
    for (const message of [
      { method: "sampling/createMessage", params, jsonrpc: "2.0", id: 3 },
      { jsonrpc: "2.0", id: 3, method: "sampling/createMessage", params },
    ]) {
      expect(readServerLine(piecesOf(JSON.stringify(message)))).toMatchObject({ kind: "request", id: 3 });
    }
    const notice = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params });
    expect(readServerLine(piecesOf(notice))).toMatchObject({ kind: "notification", params });
  });
});

describe("a line", () => {
  it("may begin with a byte order mark, which does not go on", () => {
    const clean = '{"jsonrpc":"2.0","id":1,"result":{}}';
    for (const line of [`\uFEFF${clean}`, piecesOf(`\uFEFF${clean}`)]) {
      expect(readServerLine(line)).toMatchObject({ kind: "response", id: 1, line: clean });
    }
  });

  it("may hold a bare carriage return between tokens, which would end a field of an event and does not go on", () => {
    const dirty = '{"jsonrpc":"2.0",\r"id":1,\r\r"result":{"a":\r1}}';
    for (const line of [dirty, piecesOf(dirty)]) {
      const read = readServerLine(line);
      expect(read).toMatchObject({ kind: "response", id: 1, line: expect.not.stringContaining("\r") });
    }
  });

  it("with invalid UTF-8 goes on as valid text", () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"text":"gr'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('n"}}'),
    ]);
    const read = readServerLine(piecesOf(bytes));
    expect(read).toMatchObject({ kind: "response", id: 1 });
    expect(typeof (read as { line: unknown }).line).toBe("string");
    expect(JSON.parse(String((read as { line: unknown }).line))).toMatchObject({
      result: { text: "gr\uFFFD\uFFFD(n" },
    });
  });

  it("may have white space before and after its message", () => {
    expect(readServerLine(' \t{"jsonrpc":"2.0","id":1,"result":{}} ')).toMatchObject({ kind: "response", id: 1 });
  });

  it.each([
    ["a banner", "Server listening on stdio"],
    ["a number", "42"],
    ["null", "null"],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"result":{}}]'],
    ["half a message", '{"jsonrpc":"2.0","id":1,"result":{'],
    ["two messages", '{"jsonrpc":"2.0","id":1,"result":{}}{"jsonrpc":"2.0","id":2,"result":{}}'],
    ["a brace", "{"],
    ["white space", "  "],
  ])("that is %s is garbage", (_what, line) => {
    expect(readServerLine(line)).toBeUndefined();
  });

  it.each([
    ["a result that is text", '{"jsonrpc":"2.0","id":5,"result":"x"}'],
    ["a result that is null", '{"jsonrpc":"2.0","id":5,"result":null}'],
    ["a result that is a list", '{"jsonrpc":"2.0","id":5,"result":[]}'],
    ["an error without a code", '{"jsonrpc":"2.0","id":5,"error":{"message":"m"}}'],
    ["result and error", '{"jsonrpc":"2.0","id":5,"result":{},"error":{"code":1,"message":"m"}}'],
    ["neither", '{"jsonrpc":"2.0","id":5}'],
  ])("with %s is no frame, but tells whose answer it would have been", (_what, line) => {
    expect(readServerLine(line)).toMatchObject({ kind: "none", id: 5 });
  });

  it.each(['{"id":5,"result":{}}', '{"jsonrpc":"1.0","id":5,"result":{}}', '{"jsonrpc":2,"id":5,"error":{"code":1}}'])(
    "that does not say that it is JSON-RPC 2.0 is garbage: %s",
    (line) => {
      expect(readServerLine(line)).toBeUndefined();
    },
  );

  it("keeps an id beyond 2^53", () => {
    const line = '{"jsonrpc":"2.0","id":9007199254740993,"result":{}}';
    expect(readServerLine(line)).toMatchObject({ id: 9007199254740993n });
    expect(readServerLine(piecesOf(line))).toMatchObject({ id: 9007199254740993n });
  });
});

describe("the ends of a line that was too long", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"result":{"text":"xxx', "xxx", 1],
    ['{"jsonrpc":"2.0","id":"a-1","result":{"text":"xxx', "xxx", "a-1"],
    ['{"jsonrpc":"2.0","id":"é","error":{"text":"xxx', "xxx", "é"],
    ['{"result":{"text":"xxx', 'xxx"},"jsonrpc":"2.0","id":1}', 1],
    ['{"result":{"text":"xxx', 'xxx"},"jsonrpc":"2.0","id":"b"}', "b"],
    ['{"error":{"code":1,"message":"xxx', 'xxx"},"jsonrpc":"2.0","id":2}', 2],
  ])("tell the id of an answer: %s … %s", (head, tail, expected) => {
    expect(idInEnds(head, tail)).toBe(expected);
  });

  it.each([
    ["xxxxxxx", "xxxxxx"],
    ['{"id":1,"x":"', 'x"}'],
    ['{"jsonrpc":"2.0","id":null,"result":{', "}}"],
    ['{"jsonrpc":"2.0","method":"notifications/message","params":{', "}}"],
  ])("tell no id where there is none: %s … %s", (head, tail) => {
    expect(idInEnds(head, tail)).toBeUndefined();
  });

  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"text":"xxx', 'xxx"}}'],
    ['{"method":"sampling/createMessage","params":{"text":"xxx', 'xxx"},"jsonrpc":"2.0","id":1}'],
  ])("do not take the id of the server's own request for that of an answer: %s … %s", (head, tail) => {
    expect(idInEnds(head, tail)).toBeUndefined();
  });
});

function withoutLine(read: ReturnType<typeof readServerLine>): unknown {
  if (read === undefined || read.kind === "none") return read;
  return { ...read, line: read.line.toString() };
}
