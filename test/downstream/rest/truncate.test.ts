import { describe, expect, it } from "vitest";
import type { RestAnswer } from "../../../src/downstream/rest/answer.ts";
import { truncated } from "../../../src/downstream/rest/truncate.ts";

const json = (result: unknown): RestAnswer => ({
  status: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(result),
});
const plain = (body: string | Buffer): RestAnswer => ({
  status: 200,
  headers: { "Content-Type": "text/plain; charset=utf-8" },
  body,
});
const text = (value: string): object => ({ type: "text", text: value });
const resultIn = ({ body }: RestAnswer): unknown => JSON.parse(body.toString());

describe("a result that is too long", () => {
  it("is cut at the last character that is allowed, and says how many are missing", () => {
    const { headers, body } = truncated(plain("abcdefgh"), 5);
    expect(body).toBe("abcde…[truncated 3 chars]");
    expect(headers).toMatchObject({ "X-MCP-Truncated": "true", "Content-Type": "text/plain; charset=utf-8" });
  });

  it("keeps all parts but their texts", () => {
    const image = { type: "image", data: "aaaa", mimeType: "image/png" };
    const long = json({ content: [text("abc"), image, text("defgh"), text("ij")], isError: true, _meta: { a: 1 } });
    expect(resultIn(truncated(long, 5))).toEqual({
      content: [text("abc"), image, text("de…[truncated 3 chars]"), text("…[truncated 2 chars]")],
      isError: true,
      _meta: { a: 1 },
    });
  });

  it("does not cut a character in two", () => {
    const { body } = truncated(plain("\u{1F600}".repeat(5)), 3);
    expect(body.toString()).not.toMatch(/\p{Surrogate}/u);
  });

  it("counts characters, not bytes", () => {
    const short = plain(Buffer.from("üüüüü"));
    expect(truncated(short, 5)).toBe(short);
  });
});

describe("a result that is short enough", () => {
  it.each([plain("abcde"), json({ content: [text("abcde")] }), json({ content: [], _meta: { a: "b".repeat(99) } })])(
    "is left alone: %j",
    (answer) => {
      expect(truncated(answer, 5)).toBe(answer);
    },
  );

  it("is every one when there is no limit", () => {
    const long = plain("a".repeat(1_000_000));
    expect(truncated(long, 0)).toBe(long);
  });
});
