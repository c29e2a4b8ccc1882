import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { encodeId, errorLine, notificationLine, requestLine, resultLine } from "../../src/protocol/jsonrpc.ts";

describe("an error line", () => {
  const refusal = new GatewayError("queue_full", "The queue is full.", {
    cause: new Error("internal detail"),
    data: { hint: "wait" },
    retryAfterMs: 1_500,
  });

  it("is one JSON-RPC error with its reason, and nothing of its cause", () => {
    expect(JSON.parse(errorLine(7, refusal))).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: {
        code: 50300,
        message: "The queue is full.",
        data: { reason: "queue_full", hint: "wait", retryAfterMs: 1_500 },
      },
    });
  });

  it.each([
    ["0", 0],
    ['""', ""],
    ['"1"', "1"],
    ["1", 1],
    ["-1", -1],
    ["9007199254740993", 9007199254740993n],
    [String.raw`"a\"b\\\n"`, 'a"b\\\n'],
    ["null", undefined],
  ])("echoes the id %s as it came", (written, id) => {
    expect(errorLine(id, refusal)).toContain(`"id":${written},`);
  });

  it("echoes any id, on one line", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeInteger()), (id) => {
        const line = errorLine(id, refusal);
        expect((JSON.parse(line) as { id: unknown }).id).toEqual(Object.is(id, -0) ? 0 : id);
        expect(line).not.toContain("\n");
      }),
    );
  });

  it("has no more in its data than the reason when there is no more to say", () => {
    expect(JSON.parse(errorLine(1, new GatewayError("not_found", "No.")))).toMatchObject({
      error: { code: 40400, message: "No.", data: { reason: "not_found" } },
    });
  });
});

it("writes requests, results and notifications as JSON-RPC 2.0", () => {
  expect(JSON.parse(resultLine("a", { b: 1 }))).toEqual({ jsonrpc: "2.0", id: "a", result: { b: 1 } });
  expect(resultLine(9007199254740993n, {})).toBe('{"jsonrpc":"2.0","id":9007199254740993,"result":{}}');
  expect(JSON.parse(requestLine(1, "x", '{"y":2}'))).toEqual({ jsonrpc: "2.0", id: 1, method: "x", params: { y: 2 } });
  expect(JSON.parse(notificationLine("n", { y: 2 }))).toEqual({ jsonrpc: "2.0", method: "n", params: { y: 2 } });
  expect(JSON.parse(notificationLine("n"))).toEqual({ jsonrpc: "2.0", method: "n" });
});

it("writes a number and a text with the same digits differently", () => {
  expect(encodeId(1)).not.toBe(encodeId("1"));
});
