import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/openapi/document.ts";
import { lintForGpt } from "../../src/openapi/gpt-lint.ts";
import type { Document } from "../../src/openapi/oas.ts";
import { describeTool, git, options } from "./options.ts";

const gpt = { ...options, profile: "gpt" } as const;
const many = (count: number) =>
  git(...Array.from({ length: count }, (_, i) => ({ name: `t${String(i).padStart(3, "0")}` })));

describe("the gpt profile", () => {
  it("cuts descriptions at a word to what GPT Actions takes", () => {
    const properties = {
      p: { type: "object", properties: { q: { type: "string", description: "word ".repeat(400) } } },
    };
    const { operation, input } = describeTool(
      { description: "word ".repeat(400), inputSchema: { type: "object", properties } },
      gpt,
    );
    expect(operation.description).toMatch(/^(word ){50,}word…$/);
    expect(operation.description.length).toBeLessThanOrEqual(300);
    const [text] = JSON.stringify(input).match(/word[^"]*/) ?? [""];
    expect(text.length).toBeLessThanOrEqual(700);
    expect(text).toMatch(/word…$/);
  });

  it.each([
    [undefined, true],
    [{ readOnlyHint: false }, true],
    [{ readOnlyHint: "true" }, true],
    [{ readOnlyHint: true }, false],
  ])("asks before a call unless the tool only reads: %j", (annotations, expected) => {
    expect(describeTool({ annotations }, gpt).operation["x-openai-isConsequential"]).toBe(expected);
  });

  it("answers with one small schema and no errors", () => {
    const { operation } = describeTool({ outputSchema: { type: "object", properties: { secret: {} } } }, gpt);
    expect(Object.keys(operation.responses)).toEqual(["200"]);
    expect(JSON.stringify(operation)).not.toContain("secret");
  });

  it("leaves out tools that only run as tasks, and says so", () => {
    const { document, warnings } = openapiDocument(git({ name: "slow", execution: { taskSupport: "required" } }), gpt);
    expect(document.paths).toEqual({});
    expect(warnings).toEqual(['git/"slow": left out: it only runs as a task']);
  });

  it("tells the model how sessions work when it has to bring one", () => {
    expect(openapiDocument([], gpt).document.info.description).toMatch(
      /^Tools of MCP servers.\n\nEvery call needs a sessionId/,
    );
    expect(openapiDocument([], { ...gpt, sessionParameter: "optional" }).document.info.description).toBe(
      "Tools of MCP servers.",
    );
  });

  it("warns when its server is not https", () => {
    const { warnings } = openapiDocument([], { ...gpt, baseUrl: "http://localhost:3000" });
    expect(warnings).toEqual(["GPT Actions only calls https URLs: set publicUrl (it is http://localhost:3000 now)"]);
  });
});

describe("the limits of GPT Actions", () => {
  it("take 30 operations", () => {
    expect(openapiDocument(many(30), gpt).limitProblems).toEqual([]);
  });

  it("do not take 31, and say which are past them", () => {
    const { limitProblems } = openapiDocument(many(31), gpt);
    expect(limitProblems).toEqual([
      'GPT Actions allows 30 operations, but this document has 31: select some with tool patterns; beyond the limit are "git:t030"',
    ]);
  });

  it("do not take 800 kB, and say which tools are the largest", () => {
    const properties = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, i) => [`p${i}`, { description: "x".repeat(600) }]),
    );
    const { limitProblems } = openapiDocument(
      git({ name: "big", inputSchema: { properties } }, { name: "small" }),
      gpt,
    );
    expect(limitProblems).toEqual([
      expect.stringMatching(/^GPT Actions allows about 800000 bytes .* the largest are "git:big", "git:small"$/),
    ]);
  });

  it("do not apply to other profiles", () => {
    expect(openapiDocument(many(100), options).limitProblems).toEqual([]);
  });
});

describe("lintForGpt", () => {
  const clean = openapiDocument(
    git({ name: "a", inputSchema: { properties: { p: { type: "object" } } } }),
    gpt,
  ).document;
  const spoilt = (from: string, to: string): Document => JSON.parse(JSON.stringify(clean).replace(from, to));

  it("has nothing to say about our own gpt profile", () => {
    expect(lintForGpt(clean)).toEqual([]);
  });

  it.each([
    ["https://mcp.acme.dev", "http://mcp.acme.dev", "servers: http://mcp.acme.dev is not https"],
    ['"operationId":"git-a"', '"operationId":"git a"', "git a: not an operationId"],
    ['"description":"Calls', `"description":"${"x".repeat(300)}`, "git-a: description: "],
    [
      '"p":{"type":"object","properties":{}}',
      '"p":{"type":"object"}',
      "git-a: body/properties/p: object schema missing properties",
    ],
    ['"p":{', '"q":{"$ref":"#/components/schemas/q"},"p":{', "git-a: body/properties/q: references are not followed"],
    ['"p":{', `"p":{"description":"${"x".repeat(701)}",`, "git-a: body/properties/p: a description of 701 characters"],
    ['"in":"query"', '"in":"header"', "git-a: parameter sessionId: only query parameters with a name are sent"],
    ['"x-openai-isConsequential":true', '"x-a":1', "git-a: x-openai-isConsequential is missing"],
    ['"security":[', '"security":[{"other":[]},', "security: only one scheme is allowed"],
    [
      '"application/json":{"schema":{"type":"object","properties":{"content"',
      '"text/plain":{"schema":{"type":"object","properties":{"content"',
      "git-a: response 200: no JSON",
    ],
  ])("finds what GPT Actions refuses: %s → %s", (from, to, problem) => {
    expect(lintForGpt(spoilt(from, to))).toEqual([expect.stringContaining(problem)]);
  });
});
