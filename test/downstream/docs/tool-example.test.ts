import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { toolExample } from "../../../src/downstream/docs/tool-example.ts";
import { readMarkup } from "./markup.ts";

const place = { url: "http://127.0.0.1:3000/api/a/b", credential: undefined, charge: () => true };
const MARK = "/tmp/mcp-gateway-example-was-run";

/** What is in the boxes of an example, as a person copies it. */
function blocks(text: string): string[] {
  return [...text.matchAll(/<pre[^>]*>([^<]*)<\/pre>/g)].map(([whole]) => readMarkup(whole).text.trim());
}

it.each([
  `'; touch ${MARK}; '`,
  `$(touch ${MARK}) \`touch ${MARK}\` "; touch ${MARK}; "`,
  `\n'\ntouch ${MARK}\n`,
  `\u001b[201~\ntouch ${MARK}\n\u009b\u202e\u2028\u00a0`,
  `\\'; touch ${MARK}; '`,
])("%j in a schema is only ever data of the shell that an example is pasted into", (text) => {
  const input = { type: "object", properties: { [text]: { const: text } }, required: [text] };
  const markup = String(toolExample(input, input, place));
  expect(readMarkup(markup).faults).toEqual([]);
  const [request = "", answer = ""] = blocks(markup);
  expect(request).not.toMatch(/[^\P{C}\n]|[^\P{Z} ]/u);
  // A function takes the place of curl and prints what it would send.
  const sent = execFileSync("sh", ["-c", `curl() { eval "printf %s \\"\\$$#\\""; }\n${request}`], { encoding: "utf8" });
  expect(JSON.parse(sent)).toEqual({ [text]: text });
  expect(JSON.parse(answer)).toMatchObject({ structuredContent: { [text]: text } });
  expect(existsSync(MARK)).toBe(false);
});

it("an example that would be long is left out", () => {
  const input = { properties: { a: { const: "x".repeat(900) }, b: { const: "x".repeat(900) } }, required: ["a", "b"] };
  expect(toolExample(input, input, place)).toBeUndefined();
  expect(toolExample({}, undefined, { ...place, charge: () => false })).toBeUndefined();
});
