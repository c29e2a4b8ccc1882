import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/openapi/document.ts";
import type { DocumentOptions } from "../../src/openapi/options.ts";
import { toJson } from "../../src/openapi/serialize.ts";
import { hostile } from "./hostile.ts";
import { describeTool, git, options } from "./options.ts";
import { toolsListed } from "../helpers/tools.ts";

const argument = { inputSchema: { type: "object", properties: { q: { type: "string" } } } };

describe("openapiDocument", { timeout: 30_000 }, () => {
  it.each([
    ["root", ["/api/sessionid", "/api/git/log"]],
    ["api", ["/sessionid", "/git/log"]],
    ["server", ["/log"]],
  ] as const)("writes paths relative to itself in the layout %s", (layout, paths) => {
    const { document } = openapiDocument(git({ name: "log" }), { ...options, layout });
    expect(Object.keys(document.paths)).toEqual(paths);
  });

  it("has one server, whose URL ends without a slash", () => {
    const { document } = openapiDocument([], { ...options, baseUrl: "https://mcp.acme.dev/api/" });
    expect(document.servers).toEqual([{ url: "https://mcp.acme.dev/api" }]);
  });

  it.each([
    ["3.1", "3.1.0"],
    ["3.0", "3.0.3"],
  ] as const)("says version %s as %s, which every parser takes", (version, openapi) => {
    expect(openapiDocument([], { ...options, version }).document.openapi).toBe(openapi);
  });

  it("orders servers as configured and tools by name, so that dumps compare", () => {
    const servers = [
      { name: "zoo", tools: toolsListed("zoo", [{ name: "b" }, { name: "a" }]) },
      { name: "ant", tools: toolsListed("ant", [{ name: "c" }]) },
    ];
    const { document } = openapiDocument(servers, { ...options, layout: "api", sessionParameter: "absent" });
    expect(Object.keys(document.paths)).toEqual(["/zoo/a", "/zoo/b", "/ant/c"]);
    expect(document.tags.map(({ name }) => name)).toEqual(["zoo", "ant"]);
  });

  it("gives the same text for the same servers", () => {
    expect(toJson(openapiDocument([hostile], options).document)).toBe(
      toJson(openapiDocument([hostile], options).document),
    );
  });

  it.each(["3.1", "3.0"] as const)("is plain JSON in %s: no object twice, nothing undefined", (version) => {
    for (const profile of ["full", "gpt", "openwebui"] as const) {
      const { document } = openapiDocument([hostile], { ...options, version, profile, security: [{ kind: "basic" }] });
      expect(isDeepStrictEqual(JSON.parse(toJson(document)), document)).toBe(true);
      expect(sharedObjects(document)).toBe(0);
    }
  });

  it("leaves what it was given as it was", () => {
    const servers = git({
      name: "log",
      ...argument,
      outputSchema: { type: "object" },
      annotations: { readOnlyHint: true },
    });
    const before = JSON.stringify(servers);
    openapiDocument(deepFrozen(servers), { ...options, version: "3.0" });
    expect(JSON.stringify(servers)).toBe(before);
  });

  it("has no components that nothing refers to", () => {
    const empty = openapiDocument([], { ...options, security: [], sessionParameter: "absent" }).document;
    expect(empty).not.toHaveProperty("components");
    expect(empty.security).toEqual([]);
    const { document } = openapiDocument([], { ...options, security: [] });
    expect(document.components).toMatchObject({ schemas: { Problem: {} }, responses: { ClientError: {} } });
    expect(document.components?.schemas).not.toHaveProperty("CallToolResult");
  });

  it("describes servers as tags: description, else instructions, else title", () => {
    const servers = [
      {
        name: "a",
        title: "A",
        instructions: "Use it.",
        description: "Does a.",
        version: "1.2.3",
        tools: toolsListed("a", [{ name: "t" }]),
      },
      { name: "b", title: "B", instructions: "Use b.", tools: toolsListed("b", [{ name: "t" }]) },
      { name: "c", title: 7, version: null, tools: toolsListed("c", [{ name: "t" }]) },
      { name: "unused", tools: [] },
    ];
    const { tags } = openapiDocument(servers, { ...options, sessionParameter: "absent" }).document;
    expect(tags).toEqual([
      { name: "a", description: "Does a.", "x-displayName": "A", "x-mcp-version": "1.2.3" },
      { name: "b", description: "Use b.", "x-displayName": "B" },
      { name: "c", description: "Tools of the MCP server c." },
    ]);
  });
});

describe("the choice of tools", () => {
  const servers = [
    { name: "git", tools: toolsListed("git", [{ name: "log" }, { name: "push" }]) },
    { name: "fs", tools: toolsListed("fs", [{ name: "log_file" }]) },
  ];
  const chosen = (...tools: string[]) => {
    const { document, warnings } = openapiDocument(servers, {
      ...options,
      layout: "api",
      sessionParameter: "absent",
      tools,
    });
    return { paths: Object.keys(document.paths), warnings };
  };

  it("takes patterns of a tool or of server:tool", () => {
    expect(chosen("log*").paths).toEqual(["/git/log", "/fs/log_file"]);
    expect(chosen("git:*").paths).toEqual(["/git/log", "/git/push"]);
    expect(chosen("push", "fs:*").paths).toEqual(["/git/push", "/fs/log_file"]);
  });

  it("says which pattern matches nothing", () => {
    expect(chosen("log", "g:log")).toEqual({ paths: ["/git/log"], warnings: ['no tool matches "g:log"'] });
  });

  it("does not change the operationIds of the tools that stay", () => {
    const pair = git({ name: "a.b" }, { name: "a_b" });
    const all = openapiDocument(pair, options).document.paths["/api/git/a_b"]?.post?.operationId;
    const one = openapiDocument(pair, { ...options, tools: ["a_b"] }).document.paths["/api/git/a_b"]?.post?.operationId;
    expect(one).toBe(all);
  });
});

describe("names that strangers choose", () => {
  const paths = (...names: string[]) => {
    const { document, warnings } = openapiDocument(git(...names.map((name) => ({ name }))), {
      ...options,
      layout: "server",
    });
    return { paths: Object.keys(document.paths), warnings };
  };

  it.each([
    ["../x", "/..%2Fx"],
    ["a{b}", "/a%7Bb%7D"],
    ["a/b", "/a%2Fb"],
    ["a b", "/a%20b"],
    ["a?b#c", "/a%3Fb%23c"],
    ["工具", "/%E5%B7%A5%E5%85%B7"],
    ["__proto__", "/__proto__"],
    ["...", "/..."],
  ])("%s becomes the path %s", (name, path) => {
    expect(paths(name)).toEqual({ paths: [path], warnings: [] });
    expect(new URL(`https://gw.acme.dev${path}`).pathname).toBe(path);
  });

  it.each([".", "..", "\ud800"])("leaves %j out, which no URL can carry", (name) => {
    expect(paths(name).paths).toEqual([]);
    expect(paths(name).warnings).toEqual([expect.stringContaining("no URL can carry its name")]);
  });

  it("keeps references out of operations whose path needs percent-encoding", () => {
    const { document } = openapiDocument(git({ name: "a{b}", ...argument }), options);
    expect(JSON.stringify(document.paths["/api/git/a%7Bb%7D"])).not.toContain("$ref");
    expect(document.components?.schemas).not.toHaveProperty("CallToolResult");
  });

  it("keeps warnings on one line each", () => {
    const { warnings } = openapiDocument(git({ name: "a\nb", inputSchema: 5 }), options);
    expect(warnings).toEqual(['git/"a\\nb": inputSchema is not a schema: no arguments are described']);
  });
});

describe("an operation", () => {
  it("has title, description and the names and hints of MCP", () => {
    const { operation } = describeTool({ title: "Log", description: "Shows it.", annotations: { readOnlyHint: true } });
    expect(operation).toMatchObject({
      operationId: "git-log",
      summary: "Log",
      description: "Shows it.",
      tags: ["git"],
      "x-mcp-server": "git",
      "x-mcp-tool": "log",
      "x-mcp-annotations": { readOnlyHint: true },
    });
  });

  it("always has a description, for readers that demand one", () => {
    expect(describeTool({ title: "Log" }).operation.description).toBe("Log");
    expect(describeTool({ annotations: { title: "From hints" } }).operation.summary).toBe("From hints");
    expect(describeTool({}).operation).toMatchObject({ summary: "log", description: "Calls the tool log of git." });
  });

  it("cuts the summary, never the description", () => {
    const { operation } = describeTool({ title: "word ".repeat(100), description: "word ".repeat(1000) });
    expect(operation.summary.length).toBeLessThanOrEqual(120);
    expect(operation.summary).toMatch(/word…$/);
    expect(operation.description.length).toBe(4999);
  });

  it("carries no control characters of a stranger", () => {
    const { operation } = describeTool({ description: "a\u0000b\u001b[31mc\nd\ud800" });
    expect(operation.description).toBe("ab[31mc\nd\ufffd");
  });

  it.each([
    ["no schema", undefined],
    ["null", null],
    ["false", false],
    ["an empty schema", {}],
    ["no properties", { type: "object", properties: {} }],
    ["a closed object", { type: "object", properties: {}, additionalProperties: false, required: [] }],
  ])("has no body when the tool takes no arguments: %s", (_, inputSchema) => {
    expect(describeTool({ inputSchema }).operation).not.toHaveProperty("requestBody");
  });

  it.each([
    ["true", true],
    ["any members", { type: "object", additionalProperties: true }],
    ["typed members", { type: "object", additionalProperties: { type: "string" } }],
    ["alternatives", { oneOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }],
    ["a root that is no object", { type: "string" }],
    ["a root that lives elsewhere", { $ref: "https://x.example/s.json" }],
  ])("has a body when arguments are possible: %s", (_, inputSchema) => {
    const { operation, input } = describeTool({ inputSchema });
    expect(operation.requestBody?.required).toBe(false);
    expect(input).toMatchObject({ type: "object", properties: {} });
  });

  it("demands the body when an argument is required", () => {
    const inputSchema = { type: "object", properties: { a: {} }, required: ["a"] };
    expect(describeTool({ inputSchema }).operation.requestBody?.required).toBe(true);
  });

  it.each([
    ["required", true],
    ["optional", false],
  ] as const)("takes a sessionId that is %s", (sessionParameter, required) => {
    const { operation } = describeTool({}, { sessionParameter });
    expect(operation.parameters).toMatchObject([{ name: "sessionId", in: "query", required }]);
  });

  it("takes no sessionId, and none is minted, when sessions are implicit", () => {
    expect(describeTool({}, { sessionParameter: "absent" }).operation).not.toHaveProperty("parameters");
    expect(openapiDocument([], { ...options, sessionParameter: "absent" }).document.paths).toEqual({});
  });

  it("says that a tool runs as a task", () => {
    const { operation } = describeTool({ execution: { taskSupport: "required" } });
    expect(operation["x-mcp-task-support"]).toBe("required");
  });

  it("answers a CallToolResult with structuredContent as the tool types it", () => {
    const outputSchema = { type: "object", properties: { n: { type: "number" } } };
    const { operation } = describeTool({ outputSchema });
    expect(operation.responses["200"]).toMatchObject({
      content: {
        "application/json": {
          schema: {
            allOf: [
              { $ref: "#/components/schemas/CallToolResult" },
              { type: "object", properties: { structuredContent: outputSchema } },
            ],
          },
        },
      },
    });
    expect(operation.responses).toMatchObject({
      "4XX": { $ref: "#/components/responses/ClientError" },
      "5XX": { $ref: "#/components/responses/ServerError" },
    });
  });

  it("takes an output that is no object, as the protocol of 2026 allows", () => {
    const { operation } = describeTool({ outputSchema: { type: "array", items: { type: "string" } } });
    expect(JSON.stringify(operation.responses["200"])).toContain('{"structuredContent":{"type":"array"');
  });

  /** The media types of each answer of an operation. */
  const typesOf = (overrides: Partial<DocumentOptions>): unknown[] => {
    const { responses } = describeTool({ outputSchema: { type: "object" } }, overrides).operation;
    return Object.values(responses).flatMap((response) =>
      "content" in response ? [Object.keys(response.content ?? {})] : [],
    );
  };

  it.each(["full", "gpt", "openwebui"] as const)(
    "answers with one media type, as a generated client types an answer by all of them: %s",
    (profile) => {
      expect(typesOf({ profile })).toEqual([["application/json"]]);
    },
  );

  it("describes the other media types when they are asked for, in the full profile", () => {
    const all = ["application/json", "text/event-stream", "text/plain"];
    expect(typesOf({ profile: "full", accept: "all" })).toEqual([all]);
    for (const profile of ["gpt", "openwebui"] as const) {
      expect(typesOf({ profile, accept: "all" })).toEqual([["application/json"]]);
    }
  });
});

function sharedObjects(root: unknown): number {
  const seen = new Set<unknown>();
  let shared = 0;
  const waiting = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null) continue;
    if (seen.has(value)) shared += 1;
    else waiting.push(...Object.values(value));
    seen.add(value);
  }
  return shared;
}

function deepFrozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null)
    Object.values(Object.freeze(value)).forEach((inner) => deepFrozen(inner));
  return value;
}
