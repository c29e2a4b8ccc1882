import { describe, expect, it } from "vitest";
import { truncateResult } from "../../../src/downstream/rest/truncate.ts";
import { piecesOf } from "../../helpers/pieces.ts";

const text = (value: string): object => ({ type: "text", text: value });
const cut = (content: readonly object[], maxChars: number, more: object = {}): unknown =>
  JSON.parse(truncateResult(JSON.stringify({ content, ...more }), maxChars).result.toString());

describe("a result that is too long", () => {
  it("is cut at the last character that is allowed, and says how many are missing", () => {
    const { result, isCut } = truncateResult(JSON.stringify({ content: [text("abcdefgh")] }), 5);
    expect(JSON.parse(result.toString())).toEqual({ content: [text("abcde…[truncated 3 chars]")] });
    expect(isCut).toBe(true);
  });

  it("keeps all parts but their texts", () => {
    const image = { type: "image", data: "aaaa", mimeType: "image/png" };
    expect(cut([text("abc"), image, text("defgh"), text("ij")], 5, { isError: true, _meta: { a: 1 } })).toEqual({
      content: [text("abc"), image, text("de…[truncated 3 chars]"), text("…[truncated 2 chars]")],
      isError: true,
      _meta: { a: 1 },
    });
  });

  it("does not cut a character in two", () => {
    expect(JSON.stringify(cut([text("\u{1F600}".repeat(5))], 3))).not.toMatch(/\p{Surrogate}|\\ud/u);
  });
});

describe("a result that is short enough", () => {
  it.each([
    { content: [text("abcde")] },
    { content: [], _meta: { a: "b".repeat(99) } },
    { content: [text("üüüüü")], structuredContent: { a: 1 } },
  ])("is left alone: %j", (result) => {
    const line = piecesOf(JSON.stringify(result));
    expect(truncateResult(line, 5)).toEqual({ result: line, isCut: false });
  });

  it("is every one when there is no limit", () => {
    const line = JSON.stringify({ content: [text("a".repeat(1_000_000))] });
    expect(truncateResult(line, 0)).toEqual({ result: line, isCut: false });
  });
});
