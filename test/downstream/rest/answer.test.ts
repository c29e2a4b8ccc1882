import { describe, expect, it } from "vitest";
import { resultAnswer, saysToolError } from "../../../src/downstream/rest/answer.ts";
import { piecesOf } from "../../helpers/pieces.ts";

const lineOf = (result: unknown): string => JSON.stringify(result);

describe("a result", () => {
  it.each([
    ['{"isError":true}', true],
    ['{ "isError" : true , "content":[]}', true],
    ['{"isError":false}', false],
    ['{"isError":"true"}', false],
    ['{"content":[{"isError":true}]}', false],
    [String.raw`{"content":[{"text":"\"isError\":true"}]}`, false],
    ["{}", false],
  ])("%s says of itself that the tool failed: %s", (result, failed) => {
    expect(saysToolError(result)).toBe(failed);
    expect(saysToolError(piecesOf(result))).toBe(failed);
  });

  it("is the very same bytes when it is asked for raw", () => {
    const bytes = piecesOf('{ "content":[] }');
    expect(resultAnswer(bytes, "raw", undefined).body).toBe(bytes);
  });

  it.each([
    [{}, ""],
    [{ content: "text" }, ""],
    [{ content: [null, 1, "x", [], {}] }, ""],
    [
      {
        content: [
          { type: "text", text: 1 },
          { type: "resource", resource: null },
        ],
      },
      "",
    ],
    [
      {
        content: [
          { type: "text", text: "a" },
          { type: "resource", resource: { text: "b" } },
        ],
      },
      "a\n\nb",
    ],
  ])("has these texts, whatever a server put into it: %j", (result, text) => {
    expect(resultAnswer(lineOf(result), "text", undefined).body).toBe(text);
  });

  it.each([{}, { content: [] }, { content: [{ type: "image", data: 1 }] }, { content: [{ type: "text", text: "x" }] }])(
    "without a blob stays what it is: %j",
    (result) => {
      expect(resultAnswer(lineOf(result), "blob", undefined)).toMatchObject({
        body: lineOf(result),
        headers: { "Content-Type": "application/json" },
      });
    },
  );

  it.each([
    ["image/png", "image/png"],
    ["IMAGE/PNG", "image/png"],
    ["audio/mpeg", "audio/mpeg"],
    ["image/svg+xml", "application/octet-stream"],
    ["text/html", "application/octet-stream"],
    ["image/png\r\nX-Evil: 1", "application/octet-stream"],
    ["audio/wav; x=\r\n", "application/octet-stream"],
    [undefined, "application/octet-stream"],
    [7, "application/octet-stream"],
  ])("with a blob of type %j is served as %s, which no browser runs", (mimeType, type) => {
    const { headers, body } = resultAnswer(
      lineOf({ content: [{ type: "image", data: "AAEC", mimeType }] }),
      "blob",
      undefined,
    );
    expect(headers).toMatchObject({ "Content-Type": type, "X-Content-Type-Options": "nosniff" });
    expect(headers["Content-Security-Policy"]).toContain("sandbox");
    expect(body).toEqual(piecesOf(Buffer.from([0, 1, 2])));
  });

  it("has the structured content of its outermost object only", () => {
    const inner = { content: [{ type: "text", text: "7", structuredContent: 1 }] };
    expect(resultAnswer(lineOf(inner), "structured", undefined).body).toBe("7");
  });

  it("is the whole of it, asked for as structured, when it has no structured content and several texts or none", () => {
    const text = (value: string): object => ({ type: "text", text: value });
    for (const content of [[], [text("7"), text("8")], [text("7"), { type: "image" }, text("")]]) {
      const result = lineOf({ content });
      expect(resultAnswer(result, "structured", undefined).body).toBe(result);
    }
  });

  it("has the last of two structured contents, as every parser does", () => {
    expect(
      resultAnswer('{"structuredContent":{"a":1},"structuredContent":{"b":2}}', "structured", undefined).body,
    ).toBe('{"b":2}');
  });
});
