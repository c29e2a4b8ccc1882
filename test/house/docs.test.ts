import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../src/config/load.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { configSchema } from "../../src/config/schema.ts";
import { DOCUMENT_FILES } from "../../src/downstream/openapi/target.ts";
import { codeOf, PROBLEM_CODES } from "../../src/downstream/docs/problem-codes.ts";
import { methods } from "../../src/protocol/methods.ts";
import { logEvents } from "../../src/observability/log-events.ts";
import { ROOT } from "../helpers/gateway.ts";
import { blocksOf, spansOf, textOf, userTexts, type CodeBlock } from "../helpers/markdown.ts";

// README, SECURITY and docs/ are true to the code: what they name exists. test/e2e/readme.test.ts runs their commands.

const files = userTexts();
const blocks = files.flatMap(blocksOf);
const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("there are texts to read", () => {
  expect(files).toEqual(expect.arrayContaining(["README.md", "SECURITY.md", "docs/troubleshooting.md"]));
  expect(blocks.length).toBeGreaterThan(10);
});

describe("a block of", () => {
  it("any text is of a language that is run or read", () => {
    const others = blocks.filter(({ language }) => !["sh", "yaml", "json"].includes(language));
    expect(others.map(({ place }) => place)).toEqual([]);
  });

  it.each(ofLanguage("yaml"))("YAML begins with the name of its file, and is one: $place", (block) => {
    const [, name] = /^# ([\w.-]+\.ya?ml)\n/.exec(block.text) ?? [];
    expect(name).toBeDefined();
    expect(name === "config.yaml" ? loaded(block) : parse(block.text)).toBeTypeOf("object");
  });

  it.each(ofLanguage("json"))("JSON is JSON: $place", ({ text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it("YAML that is a config is loaded by the real loader, which refuses a wrong key", () => {
    const wrong = { place: "here:1", language: "yaml", text: "# config.yaml\nservers: { a: { comand: x } }\n" };
    expect(() => loaded(wrong)).toThrow(/did you mean "command"/);
  });
});

describe("a link leads to a file of the repository:", () => {
  const links = files.flatMap((file) =>
    [...textOf(file).matchAll(/\]\(([^)#\s]+)(?:#([\w-]+))?\)/g)].map(([, target = "", mark]) => ({
      file,
      target,
      mark,
    })),
  );

  it.each(links.filter(({ target }) => !target.includes("://")))("$file → $target", ({ file, target }) => {
    expect(existsSync(join(ROOT, dirname(file), target))).toBe(true);
  });

  it("there are some", () => {
    expect(links.length).toBeGreaterThan(10);
  });
});

/** Metrics have names like those of errors. */
const METRIC = /^(?:mcp_gateway|nodejs)_/;

describe("what stands in backticks exists in the code:", () => {
  const spans = [...new Set(files.flatMap(spansOf))];

  it("config keys", () => {
    const roots = Object.keys(configSchema.shape).join("|");
    const keys = spans.flatMap((span) => new RegExp(`^((?:${roots})(?:\\.[\\w<>]+)+)(?::.*)?$`).exec(span)?.[1] ?? []);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !DOCUMENT_FILES.has(key) && !isKey(key.split(".")))).toEqual([]);
    expect(isKey(["limits", "orphans"])).toBe(false);
    expect(isKey(["servers", "<name>", "stateful"])).toBe(true);
  });

  it("names of errors", () => {
    const names = spans.filter((span) => /^[a-z]+(?:_[a-z]+)+$/.test(span) && !METRIC.test(span));
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => codeOf(name) === undefined && !FORMER_NAMES.includes(name))).toEqual([]);
  });

  it("names of metrics, and every metric of the gateway is explained", () => {
    const sources = join(ROOT, "src/observability/metrics");
    const texts = readdirSync(sources).map((file) => readFileSync(join(sources, file), "utf8"));
    const own = texts.flatMap((text) => [...text.matchAll(/"(mcp_gateway_\w+)"/g)].map(([, name = ""]) => name));
    const explained = spansOf("docs/observability.md").filter((span) => /^mcp_gateway_\w+$/.test(span));
    expect(explained.toSorted()).toEqual(own.toSorted());
  });

  it("every error is explained in docs/troubleshooting.md", () => {
    const explained = spansOf("docs/troubleshooting.md");
    const all = [...PROBLEM_CODES].flatMap(([code, { reasons = {} }]) => [code, ...Object.keys(reasons)]);
    expect(all.filter((name) => !explained.includes(name))).toEqual([]);
  });

  it("files and folders", () => {
    const paths = spans.filter((span) => /^(?:src|test|docs|deploy|schemas|bench|tools)\/[\w./-]*$/.test(span));
    // `tools/call` is a method of MCP.
    const isMethod = (path: string): boolean => Object.values<string>(methods).includes(path);
    expect(paths.filter((path) => !isMethod(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe("docs/troubleshooting.md quotes the log as it is:", () => {
  it.each([
    ["hibernates: idle", { type: "session.hibernated", server: "X", sessionId: "s", reason: "idle" }],
    ["Session of X wakes", { type: "session.woken", server: "X", sessionId: "s" }],
    [
      "Session of X closed: client closed",
      { type: "session.closed", transport: "sse", server: "X", sessionId: "s", reason: "client closed", requests: 1 },
    ],
    [
      "X wrote something other than a message to stdout",
      { type: "server.garbage", server: "X", sessionId: "s", sample: "", dropped: 0 },
    ],
    [
      "X sent a message that cannot be passed on",
      { type: "server.bad-message", server: "X", sessionId: "s", why: "", dropped: 0 },
    ],
    [
      "X did not answer tools/call in time",
      { type: "session.timeout", server: "X", sessionId: "s", method: "tools/call", afterMs: 1 },
    ],
    [
      "Server X exited",
      { type: "server.exited", server: "X", sessionId: "s", pid: 7, code: 1, signal: null, asked: false },
    ],
  ] as const)("%s", (words, event) => {
    const lines: string[] = [];
    logEvents((_level, line) => lines.push(line))(event);
    expect(lines.join("\n")).toContain(words);
    expect(textOf("docs/troubleshooting.md")).toContain(words);
  });
});

/** Names that docs/upgrading.md tells people to replace. */
const FORMER_NAMES: readonly string[] = [
  "server_exited",
  "server_not_started",
  "server_bad_message",
  "server_timeout",
  "server_error",
  "tool_failed",
  "unauthenticated",
  "parse_error",
  "call_in_progress",
];

function ofLanguage(language: string): CodeBlock[] {
  return blocks.filter((block) => block.language === language);
}

/** Files of other machines are one of ours, variables are set. */
function loaded({ text }: CodeBlock): unknown {
  const secret = join(folder, "secret");
  writeFileSync(secret, "a-secret\n");
  const local = text.replaceAll(/\$\{file:[^}]+\}/g, `\${file:${secret}}`);
  return parseConfig("config.yaml", local, { MCP_GATEWAY_TOKEN: "a-token", METRICS_TOKEN: "another-token" }).config;
}

function isKey(path: readonly string[], schema: unknown = configJsonSchema()): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  const {
    properties = {},
    additionalProperties,
    anyOf = [],
    oneOf = [],
  } = schema as Partial<{
    properties: Record<string, unknown>;
    additionalProperties: unknown;
    anyOf: unknown[];
    oneOf: unknown[];
  }>;
  if (Object.hasOwn(properties, first)) return isKey(rest, properties[first]);
  if ([...anyOf, ...oneOf].some((one) => isKey(path, one))) return true;
  return /^<\w+>$/.test(first) && typeof additionalProperties === "object" && isKey(rest, additionalProperties);
}
