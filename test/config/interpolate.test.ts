import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-interpolate-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a placeholder", () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    ["${NAME}", { NAME: "value" }, "value"],
    ["a-${NAME}-b", { NAME: "value" }, "a-value-b"],
    ["${A}${B}", { A: "1", B: "2" }, "12"],
    ["${NAME:-other}", {}, "other"],
    ["${NAME:-other}", { NAME: "" }, "other"],
    ["${NAME:-other}", { NAME: "value" }, "value"],
    ["${NAME:-}", {}, ""],
    ["${NAME:-a:-b}", {}, "a:-b"],
    ["$${NAME}", { NAME: "value" }, "${NAME}"],
    ["$${A} ${A}", { A: "x" }, "${A} x"],
    ["$NAME and $", { NAME: "value" }, "$NAME and $"],
    ["{{headers.x-user-id}}", {}, "{{headers.x-user-id}}"],
    ["${A}", { A: "${B}", B: "no" }, "${B}"],
    ["${A}", { A: "$${B}" }, "$${B}"],
    ["${A}", { A: "$& $1 $$" }, "$& $1 $$"],
    ["${A}${B}", { A: "${", B: "C}", C: "no" }, "${C}"],
    ["${A:-$}{B}", { B: "no" }, "${B}"],
    ["${_a1}", { _a1: "value" }, "value"],
    ["${A}", { A: "a: [b, {c: d}] # e\n- f" }, "a: [b, {c: d}] # e\n- f"],
    ["${A}", { A: "*alias" }, "*alias"],
    ["${A}", { A: "!tag x" }, "!tag x"],
  ])("in %j becomes what it stands for", (text, env, expected) => {
    expect(argOf(JSON.stringify(text), env)).toBe(expected);
    expect(argOf(`'${text}'`, env)).toBe(expected);
  });

  it("is filled in keys of no kind", () => {
    const { config } = parse('servers: { git: { command: x, env: { "${A}": "${A}" } } }', { A: "value" });
    expect(config.servers["git"]).toMatchObject({ env: { "${A}": "value" } });
  });

  it("is filled in every value, also in block texts and behind anchors", () => {
    const yaml =
      "servers:\n  git:\n    command: &c ${A}\n    args: [*c]\n    env:\n      B: |\n        ${A}\n        ${A}\n";
    const { config } = parse(yaml, { A: "value" });
    expect(config.servers["git"]).toMatchObject({ command: "value", args: ["value"], env: { B: "value\nvalue\n" } });
  });
});

describe("an unquoted placeholder", () => {
  it("becomes a number or a boolean where its value is one", () => {
    const yaml =
      "port: ${PORT}\nservers: { git: { command: x } }\nauth:\n  basic:\n    enabled: ${ON}\n    credentials: []\n";
    const { config } = parse(yaml, { PORT: "8080", ON: "false" });
    expect(config.port).toBe(8080);
    expect(config.auth).toMatchObject({ basic: { enabled: false } });
  });

  it("becomes a number from its default too", () => {
    expect(parse("port: ${PORT:-8080}\nservers: { git: { command: x } }\n", {}).config.port).toBe(8080);
  });

  it.each(["0644", "1e3", "12345678901234567890", "0x10", "1.0", "+1", "~", "null", "yes", "Off", "2024-01-20", ""])(
    "stays text where its value is %j, which would not come back as it was written",
    (value) => {
      expect(argOf("${A:-}", { A: value })).toBe(value);
    },
  );

  it("does not become a list, a block of keys or nothing", () => {
    for (const value of ["[a]", "{a: b}", "a: b", "- a", "null", "# a", "&a b", "*a"]) {
      expect(argOf("${A}", { A: value })).toBe(value);
    }
  });
});

it("a quoted placeholder stays text", () => {
  expect(() => parse('port: "${PORT}"\nservers: { git: { command: x } }\n', { PORT: "8080" })).toThrow(
    /config\.yaml:1:7 port: must be a number/,
  );
  expect(argOf('"${A}"', { A: "5" })).toBe("5");
  expect(argOf("'${A}'", { A: "true" })).toBe("true");
});

describe("a placeholder that cannot be filled is a mistake at its line:", () => {
  it.each<[string, string, NodeJS.ProcessEnv, RegExp]>([
    ["a variable that is not set", "${NAME}", {}, /^config\.yaml:4:12 .*NAME is not set.*\$\{NAME:-default\}/],
    ["a variable that is empty", "${NAME}", { NAME: "" }, /^config\.yaml:4:12 .*NAME is not set \(or empty\)/],
    ["one of two", "${A}${NAME}", { A: "x" }, /^config\.yaml:4:12 .*NAME is not set/],
    [
      "a file that is not there",
      "${file:/nowhere/at/all}",
      {},
      /^config\.yaml:4:12 .*\/nowhere\/at\/all cannot be read/,
    ],
    ["a file that is a folder", "${file:/}", {}, /^config\.yaml:4:12 .*the file \/ cannot be read/],
    ["no name", "${}", {}, /^config\.yaml:4:12 .*not a valid placeholder/],
    ["no name but a default", "${:-x}", {}, /^config\.yaml:4:12 .*not a valid placeholder/],
    ["a name with a dash", "${MY-NAME}", {}, /^config\.yaml:4:12 .*not a valid placeholder.*\$\$\{/],
    ["a shell's other default", "${NAME-x}", {}, /^config\.yaml:4:12 .*not a valid placeholder/],
    ["a placeholder that does not end", "a-${NAME", { NAME: "value" }, /^config\.yaml:4:12 /],
    ["a member of every object", "${constructor}", {}, /^config\.yaml:4:12 .*constructor is not set/],
    ["another member of every object", "${__proto__}", {}, /^config\.yaml:4:12 .*__proto__ is not set/],
  ])("%s", (_what, text, env, expected) => {
    const yaml = `servers:\n  git:\n    command: x\n    args: [${JSON.stringify(text)}]\n`;
    expect(() => parse(yaml, env)).toThrow(expected);
  });
});

describe("a file's text", () => {
  it("replaces its placeholder, without the trailing newline", () => {
    const file = join(folder, "secret");
    for (const [content, expected] of [
      ["value", "value"],
      ["value\n", "value"],
      ["value\r\n", "value"],
      ["two\nlines\n\n", "two\nlines\n"],
      ["${HOME} stays", "${HOME} stays"],
    ] as const) {
      writeFileSync(file, content);
      expect(argOf(JSON.stringify(`\${file:${file}}`), { HOME: "no" })).toBe(expected);
    }
  });

  it("is no token when it is empty", () => {
    const file = join(folder, "empty");
    writeFileSync(file, "\n");
    expect(() =>
      parse(`auth: { bearer: { tokens: ["\${file:${file}}"] } }\nservers: { git: { command: x } }\n`, {}),
    ).toThrow(/config\.yaml:1:28 /);
  });
});

function parse(yaml: string, env: NodeJS.ProcessEnv) {
  return parseConfig("config.yaml", yaml, env);
}

/** The interpolated value of a string in `args`. */
function argOf(written: string, env: NodeJS.ProcessEnv): unknown {
  const { config } = parse(`servers:\n  git:\n    command: x\n    args:\n      - ${written}\n`, env);
  const { args } = config.servers["git"] as unknown as { args: readonly unknown[] };
  return args[0];
}
