import { describe, expect, it } from "vitest";
import { Redactor } from "../../src/lib/redactor.ts";
import { LEVELS, REDACTED_KEYS } from "../../src/observability/config.ts";
import { LogOutput } from "../../src/observability/log-output.ts";
import { createLog, type LoggerOptions } from "../../src/observability/logger.ts";

describe("a line of text", () => {
  it("is a time, a level and a message", () => {
    const { log, lines } = logger();
    log("info", "New SSE connection for filesystem");
    expect(lines()).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[INFO\]: New SSE connection for filesystem$/),
    ]);
  });

  it("has its fields after the message, in quotes where they need some", () => {
    const { log, lines } = logger();
    log("warn", "it ended", { requestId: "r-1", code: 3, signal: null, asked: false, gone: undefined, why: "a b=c" });
    expect(lines()[0]).toMatch(/\[WARN\]: it ended requestId=r-1 code=3 signal=null asked=false why="a b=c"$/);
  });

  it("has colours on a terminal only", () => {
    const onTerminal = logger({ colors: true });
    onTerminal.log("error", "x");
    expect(onTerminal.lines()[0]).toContain("[\u001b[31mERROR\u001b[0m]: x");
    const { log, lines } = logger();
    log("error", "x");
    expect(lines()[0]).not.toContain("\u001b");
  });

  it("cannot be forged by a field", () => {
    const { log, lines } = logger();
    log("info", "x", { why: "a\n2024-01-20T10:15:30.123Z [ERROR]: forged" });
    expect(lines()).toHaveLength(1);
  });
});

describe("a line of JSON", () => {
  it("is one object with everything in it", () => {
    const { log, lines } = logger({ format: "json" });
    log("info", "x", { requestId: "r-1", code: 3, signal: null, gone: undefined });
    expect(JSON.parse(lines()[0] ?? "")).toEqual({
      timestamp: expect.stringMatching(/Z$/),
      level: "info",
      message: "x",
      requestId: "r-1",
      code: 3,
      signal: null,
    });
  });

  it.each([
    'password="hunter2-hunter2"',
    '{"password":"hunter2-hunter2"}',
    "Authorization: Bearer hunter2-hunter2",
    'token: "hunter2 hunter2"',
    'a "known\\secret" value',
    "line\nbreak and 'quotes'",
  ])("stays one object whatever is masked in it: %s", (message) => {
    const { log, lines } = logger({ format: "json", secrets: ['known\\secret"', "known\\secret"] });
    log("info", message, { stderr: message });
    expect(lines()).toHaveLength(1);
    expect(JSON.parse(lines()[0] ?? "")).toMatchObject({ level: "info" });
    expect(lines()[0]).not.toMatch(/hunter2|known/);
  });
});

describe.each(["text", "json"] as const)("no line of %s", (format) => {
  it("holds a credential, wherever it comes from", () => {
    const { log, lines } = logger({ format, secrets: ["value-of-secret", 'with"quotes\\and-more'] });
    log("verbose", 'Client message received: {"params":{"token":"hunter2-a","Authorization":"Bearer hunter2-b"}}');
    log("debug", "[git] Authorization: Basic aHVudGVyMjpodW50ZXIy");
    log("info", "x", { authorization: "Bearer hunter2-c", password: "hunter2-d", stderr: "key=value-of-secret" });
    log("info", 'it said with"quotes\\and-more', { stderr: 'with"quotes\\and-more' });
    expect(lines()).toHaveLength(4);
    expect(lines().join("\n")).not.toMatch(/hunter2|aHVudGVy|value-of-secret|and-more/);
  });

  it("holds a value whose key an operator has added", () => {
    const { log, lines } = logger({ format, keys: ["x-own"] });
    log("info", "x-own: hunter2-a", { "X-Own": "hunter2-b" });
    expect(lines().join("\n")).not.toContain("hunter2");
  });
});

describe("the levels", () => {
  it.each(LEVELS.map((level, index) => [level, LEVELS.slice(0, index + 1)] as const))(
    "%s lets through %j",
    (level, expected) => {
      const { log, lines } = logger({ level });
      for (const one of LEVELS) log(one, "x");
      expect(lines().map((line) => /\[(\w+)\]/.exec(line)?.[1]?.toLowerCase())).toEqual(expected);
    },
  );
});

it("every line is handed on at once, however many there are", () => {
  const { log, lines } = logger();
  for (let count = 0; count < 10_000; count++) log("info", "x");
  expect(lines()).toHaveLength(10_000);
});

it.each([
  ["text", "info", / \[WARN\]: The log could not be written .* dropped=7$/],
  ["json", "info", /"level":"warn".*"dropped":7}$/],
  ["text", "error", / \[ERROR\]: The log could not be written .* dropped=7$/],
] as const)("lines that were dropped are a line of %s at the level %s", (format, level, expected) => {
  const { output, lines } = logger({ format, level });
  output.onDropped(7);
  expect(lines()).toEqual([expect.stringMatching(expected)]);
});

const OPTIONS = { level: "verbose", format: "text", colors: false } as const satisfies Partial<LoggerOptions>;

function logger({
  keys = [],
  secrets = [],
  ...options
}: Partial<LoggerOptions> & { keys?: readonly string[]; secrets?: readonly string[] } = {}) {
  let text = "";
  const write = (bytes: Uint8Array): number => {
    text += Buffer.from(bytes).toString();
    return bytes.length;
  };
  const output = new LogOutput({ write, isTerminal: false });
  const redactor = new Redactor([...REDACTED_KEYS, ...keys], secrets);
  const log = createLog({ ...OPTIONS, redactor, output, ...options });
  return { log, output, lines: () => text.split(/\r?\n/).filter((line) => line !== "") };
}
