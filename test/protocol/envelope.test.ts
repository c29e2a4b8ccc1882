import { describe, expect, it } from "vitest";
import { readEnvelope } from "../../src/protocol/envelope.ts";

describe("a JSON-RPC message is read:", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', { kind: "request", id: 1, method: "ping", params: undefined }],
    ['{"jsonrpc":"2.0","id":"a","method":"x","params":{"n":1}}', { kind: "request", id: "a", params: { n: 1 } }],
    ['{"jsonrpc":"2.0","id":0,"method":"x"}', { kind: "request", id: 0 }],
    ['{"jsonrpc":"2.0","id":"","method":"x"}', { kind: "request", id: "" }],
    ['{"jsonrpc":"2.0","id":-7,"method":"x"}', { kind: "request", id: -7 }],
    ['{"jsonrpc":"2.0","id":1e3,"method":"x"}', { kind: "request", id: 1_000 }],
    ['{"jsonrpc":"2.0","method":"notifications/x"}', { kind: "notification", method: "notifications/x" }],
    ['{"jsonrpc":"2.0","id":1,"result":{}}', { kind: "response", id: 1, failed: false }],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}', { kind: "response", id: 1, failed: true }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","future":[1]}', { kind: "request", id: 1 }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","__proto__":{"result":1}}', { kind: "request", id: 1 }],
  ])("%s", (text, frame) => {
    expect(readEnvelope(JSON.parse(text), text, text)).toMatchObject({ ...frame, line: text });
  });

  it("an id beyond 2^53 keeps its digits", () => {
    for (const digits of ["9007199254740993", "-9007199254740993", "123456789012345678901234567890"]) {
      const text = `{"params":{"id":1},"id" : ${digits}, "jsonrpc":"2.0","method":"x"}`;
      expect(readEnvelope(JSON.parse(text), text, text)).toMatchObject({ kind: "request", id: BigInt(digits) });
    }
  });

  it("minus zero is the id 0", () => {
    const text = '{"jsonrpc":"2.0","id":-0,"method":"x"}';
    expect(new Map([[0, "found"]]).get((readEnvelope(JSON.parse(text), text, text) as { id: number }).id)).toBe(
      "found",
    );
  });
});

describe("no JSON-RPC message is", () => {
  it.each([
    "null",
    "42",
    '"text"',
    "true",
    "[]",
    "{}",
    '{"id":1,"method":"x"}',
    '{"jsonrpc":"1.0","id":1,"method":"x"}',
    '{"jsonrpc":2,"id":1,"method":"x"}',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":null,"method":"x"}',
    '{"jsonrpc":"2.0","id":1.5,"method":"x"}',
    '{"jsonrpc":"2.0","id":1e400,"method":"x"}',
    '{"jsonrpc":"2.0","id":{},"method":"x"}',
    '{"jsonrpc":"2.0","id":[1],"method":"x"}',
    '{"jsonrpc":"2.0","id":true,"method":"x"}',
    '{"jsonrpc":"2.0","id":9007199254740993.5,"method":"x"}',
    '{"jsonrpc":"2.0","id":1,"method":""}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0","id":1,"method":null}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":[]}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":"a"}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":null}',
    '{"jsonrpc":"2.0","id":1,"method":"x","result":{}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","error":{"code":1,"message":"m"}}',
    '{"jsonrpc":"2.0","result":{}}',
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}',
    '{"jsonrpc":"2.0","id":1,"result":"text"}',
    '{"jsonrpc":"2.0","id":1,"result":null}',
    '{"jsonrpc":"2.0","id":1,"result":[]}',
    '{"jsonrpc":"2.0","id":1,"error":"text"}',
    '{"jsonrpc":"2.0","id":1,"error":{"message":"no code"}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"m"}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1}}',
  ])("%s", (text) => {
    const read = readEnvelope(JSON.parse(text), text, text);
    expect(read.kind).toBe("none");
    expect(read).toHaveProperty("why", expect.stringMatching(/./));
  });

  it("an invalid response, whose request is still identified", () => {
    for (const result of ['"text"', "null", "[]"]) {
      const text = `{"jsonrpc":"2.0","id":"call-1","result":${result}}`;
      expect(readEnvelope(JSON.parse(text), text, text)).toMatchObject({ kind: "none", id: "call-1" });
    }
  });

  it("an invalid request, whose id identifies no response", () => {
    // Both sides of a connection choose their ids independently: this id is not that of a call to the sender.
    for (const text of [
      '{"jsonrpc":"2.0","id":1,"method":"x","params":[]}',
      '{"jsonrpc":"2.0","id":1,"method":""}',
      '{"jsonrpc":"2.0","id":1,"method":"x","result":{}}',
      '{"jsonrpc":"1.0","id":1,"method":"x"}',
    ]) {
      expect(readEnvelope(JSON.parse(text), text, text)).toMatchObject({ kind: "none", id: undefined });
    }
  });
});
