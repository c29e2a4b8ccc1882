import { describe, expect, it } from "vitest";
import { maskedText } from "../../../src/downstream/console/masked-text.ts";
import { Redactor } from "../../../src/lib/redactor.ts";
import { REDACTED_KEYS } from "../../../src/observability/config.ts";

const SECRET = "k7/the+secret=";
const redactor = new Redactor(REDACTED_KEYS, [SECRET]);
const masked = (text: string): string => maskedText(text, redactor);

describe("a masked message", () => {
  it.each([
    ["a known secret", { a: `x ${SECRET} y` }],
    ["a known secret as a key", { [SECRET]: 1 }],
    ["a text under a key", { password: "hidden-value" }],
    ["a number under a key", { token: 987_654_321 }],
    ["an object under a key", { secret: { a: ["hidden-value"] } }],
    ["a list under a key", { token: ["hidden-value", 987_654_321] }],
    ["JSON inside a text", { text: JSON.stringify({ password: { a: "hidden-value" }, n: 1 }) }],
    [
      "JSON inside JSON inside a text",
      { text: JSON.stringify({ inner: JSON.stringify({ token: ["hidden-value"] }) }) },
    ],
    ["a header", { h: "Authorization: Bearer hidden-value" }],
  ])("has no trace of %s, and is valid JSON", (_what, message) => {
    const text = masked(JSON.stringify({ jsonrpc: "2.0", params: message }));
    expect(text).not.toMatch(/hidden-value|987654321|k7\/the/);
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: "2.0" });
  });

  it.each([
    ["an escaped slash", String.raw`{"a":"k7\/the+secret="}`],
    ["escaped letters", String.raw`{"a":"\u006b7/the+secret="}`],
    ["an escaped key", String.raw`{"p\u0061ssword":"hidden-value"}`],
    ["an escaped key of an object", String.raw`{"p\u0061ssword":{"x":"hidden-value"}}`],
    ["space after the colon", `{"password" : \n {"x":"hidden-value"} }`],
    ["the beginning of a message", `{"a":1,"secret":{"x":"hidden-val`],
    ["the beginning of a text", `{"a":1,"password":"hidden-val`],
    ["JSON inside a text that is cut", String.raw`{"text":"{\"a\":1,\"password\":{\"x\":\"hidden-value\"},\"n\": 5`],
    ["an escaped slash in a text that is cut", String.raw`{"text":"a\nb k7\/the+secret= c\u00`],
  ])("has no trace of a secret with %s", (_what, text) => {
    expect(masked(text)).not.toMatch(/hidden-val|k7\/the|k7\\\/the/);
  });

  it.each([
    ["numbers as they are written", '{"id":12345678901234567890,"x":1.0}'],
    [
      "what is no secret",
      '{"method":"tools/call","params":{"name":"echo","arguments":{"message":"a \\"quoted\\" word"}}}',
    ],
    ["what is no JSON", "not json: { at all"],
    ["an empty text", ""],
  ])("keeps %s", (_what, text) => {
    expect(masked(text)).toBe(text);
  });

  it("of half a mebibyte of quotes and backslashes is there in a moment", () => {
    for (const piece of ['\\"', '"\\"', '"', '"\\\\', '{"a":', "[", '"password":'])
      expect(masked(piece.repeat(Math.ceil((64 * 1024) / piece.length))).length).toBeGreaterThan(0);
  });
});
