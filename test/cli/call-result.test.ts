import { expect, it } from "vitest";
import { textOfResult } from "../../src/cli/call-result.ts";

const text = { type: "text", text: "one" };
const image = { type: "image", data: "AAAA", mimeType: "image/png" };

it.each([
  ["texts, line by line", { content: [text, { type: "text", text: "two" }] }, "one\ntwo", 0],
  [
    "the text in a resource, and where a link leads",
    {
      content: [
        { type: "resource", resource: { uri: "a:1", text: "inside" } },
        { type: "resource_link", uri: "a:2", name: "two" },
      ],
    },
    "inside\na:2",
    0,
  ],
  ["what is structured, if there is no text", { content: [], structuredContent: { n: 1 } }, '{\n  "n": 1\n}', 0],
  ["the text, if there is one", { content: [text], structuredContent: { n: 1 } }, "one", 0],
  ["nothing", {}, "", 0],
  ["rubbish", { content: [null, 7, "x"] }, "", 0],
  ["a note about what is no text", { content: [image, text] }, "one", 1],
])("%s", (_what, result, shown, notes) => {
  const printed = textOfResult(result);
  expect(printed.text).toBe(shown);
  expect(printed.notes).toHaveLength(notes);
});

it.each([
  [image, "not shown: image (image/png, 4 characters of base64); --json prints it"],
  [
    { type: "resource", resource: { uri: "a:1", blob: "AAAAAA" } },
    "not shown: resource (of no type, 6 characters of base64); --json prints it",
  ],
  [{ type: "new\u001b[2J" }, "not shown: new[2J (of no type); --json prints it"],
])("a note says what is not shown", (block, note) => {
  expect(textOfResult({ content: [block] }).notes).toEqual([note]);
});
