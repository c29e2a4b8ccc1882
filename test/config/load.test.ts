import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

const OK = "servers: { git: { command: git-mcp } }\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-gateway-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a config that is right", () => {
  it("needs no more than a server, and has every default", () => {
    expect(load(OK)).toMatchObject({
      hostname: "0.0.0.0",
      port: 3000,
      logging: { format: "text", redactKeys: [] },
      auth: {},
      limits: {
        sessions: 200,
        sessionsPerServer: 50,
        sessionsPerPrincipal: 200,
        idle: "30m",
        start: "90s",
        request: "5m",
        requestMax: "10m",
        bodyBytes: "4MiB",
        messageBytes: "16MiB",
        queueBytes: "4MiB",
        heartbeat: "15s",
        stall: "30s",
        inFlight: 128,
      },
      servers: { git: { command: "git-mcp", args: [], env: {}, inheritEnv: false } },
    });
  });

  it("may be written in its older spelling", () => {
    const config = load(`
hostname: "0.0.0.0"
port: 3000
debug:
  level: verbose
auth:
  basic:
    enabled: true
    credentials:
      - username: admin
        password: "your-secure-password"
  bearer:
    enabled: true
    tokens:
      - "your-secure-token"
servers:
  filesystem:
    command: npx
    args: [-y, "@modelcontextprotocol/server-filesystem", /path/to/root]
    path: /path/to
  git-server:
    command: git-mcp-server
`);
    expect(config).toMatchObject({
      debug: { level: "verbose" },
      auth: {
        basic: { enabled: true, credentials: [{ username: "admin", password: "your-secure-password" }] },
        bearer: { enabled: true, tokens: ["your-secure-token"] },
      },
      servers: { filesystem: { path: "/path/to", args: ["-y", expect.any(String), "/path/to/root"] } },
    });
    expect(config.logging.level).toBeUndefined();
  });

  it("may switch auth methods off, empty as they are", () => {
    const yaml = `auth: { basic: { enabled: false, credentials: [] }, bearer: { enabled: false } }\n${OK}`;
    expect(load(yaml).auth).toMatchObject({ basic: { enabled: false }, bearer: { enabled: false } });
  });

  it("is frozen through and through", () => {
    const config = load("servers: { git: { command: x, args: [a], env: { A: b } } }");
    const server = config.servers["git"] ?? {};
    const parts = [config, config.limits, config.servers, server, ...Object.values(server)];
    expect(parts.length).toBeGreaterThan(6);
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(() => Object.assign(server, { command: "y" })).toThrow(TypeError);
  });

  it.each([
    ["with a byte order mark", `\uFEFF${OK}`],
    ["with CRLF", "servers:\r\n  git:\r\n    command: git-mcp\r\n    args:\r\n      - a\r\n"],
    ["without a newline at its end", OK.trimEnd()],
    ["with a document mark", `---\n${OK}...\n`],
    ["as JSON", '{"servers":{"git":{"command":"git-mcp"}}}'],
    ["with comments only besides", `# a\n\n${OK}# b\n`],
    ["with anchors", "servers: { a: &a { command: git-mcp }, git: *a }\n"],
    ["with a Windows path", "servers: { git: { command: git-mcp, args: [\"C:\\\\x\", 'C:\\y'] } }\n"],
  ])("may be written %s", (_how, source) => {
    expect(loadFile(source).config.servers["git"]).toMatchObject({ command: "git-mcp" });
  });

  it("may have servers named like members of an object", () => {
    const names = ["constructor", "toString", "hasOwnProperty", "valueOf"];
    const yaml = `servers:\n${names.map((name) => `  ${name}: { command: x }\n`).join("")}`;
    expect(Object.keys(load(yaml).servers)).toEqual(names);
  });

  it("may have 10,000 servers", { timeout: 60_000 }, () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `s${index}`);
    const yaml = `servers:\n${names.map((name) => `  ${name}: { command: x }\n`).join("")}`;
    expect(Object.keys(load(yaml).servers)).toHaveLength(10_000);
  });
});

describe("a mistake is told where it stands:", () => {
  it.each<[string, string, string | RegExp]>([
    ["broken YAML", "servers:\n  git: { command: x\nport: 1\n", /config\.yaml:[23]:\d+ /],
    ["a tab as indentation", "servers:\n\tgit: { command: x }\n", "config.yaml:2:1 "],
    ["an unclosed quote", `port: "3000\n${OK}`, /config\.yaml:\d+:\d+ .*quote/i],
    ["an unknown key", `hostnam: x\n${OK}`, 'config.yaml:1:1 unknown key "hostnam"; did you mean "hostname"?'],
    [
      "an unknown key of a server",
      "servers:\n  git:\n    comand: x\n    command: y\n",
      'config.yaml:3:5 servers.git: unknown key "comand"; did you mean "command"?',
    ],
    ["an unknown key of auth", `auth: { baerer: {} }\n${OK}`, 'auth: unknown key "baerer"; did you mean "bearer"?'],
    [
      "an unknown key of a credential",
      `auth: { basic: { credentials: [{ usrname: a, username: a, password: b }] } }\n${OK}`,
      'auth.basic.credentials.0: unknown key "usrname"; did you mean "username"?',
    ],
    ["an unknown key of limits", `limits: { session: 5 }\n${OK}`, 'unknown key "session"; did you mean "sessions"?'],
    ["an unknown key that is like none", `telemetry: true\n${OK}`, /unknown key "telemetry"$/m],
    ["a key that is there twice", `port: 1\nport: 2\n${OK}`, /config\.yaml:2:1 .*(unique|twice|duplicate)/i],
    ["a server that is there twice", "servers:\n  a: { command: x }\n  a: { command: y }\n", "config.yaml:3:3 "],
    ["nothing", "", /config\.yaml.*servers: is missing/],
    ["white space", " \n\n", /config\.yaml.*servers: is missing/],
    ["comments only", "# servers:\n", /config\.yaml.*servers: is missing/],
    ["null", "null\n", /config\.yaml.*servers: is missing/],
    ["a text", "hello\n", "config.yaml:1:1 must be a block of keys"],
    ["a list", "- a\n- b\n", "config.yaml:1:1 must be a block of keys"],
    ["two documents", `${OK}---\n${OK}`, /config\.yaml:2:1 .*document/],
    ["no server", "servers: {}\n", "config.yaml:1:10 servers: at least one server is needed"],
    ["a server without a command", "servers:\n  git:\n    args: []\n", /:3:5 servers\.git\.command: is missing/],
    ["a server that is null", "servers:\n  git:\n", /servers\.git: must be a block of keys/],
    ["servers as a list", "servers:\n  - command: x\n", "config.yaml:2:3 servers: must be a block of keys"],
    ["a text as port", `port: abc\n${OK}`, "config.yaml:1:7 port: must be a number"],
    ["a quoted port", `port: "3000"\n${OK}`, "config.yaml:1:7 port: must be a number"],
    ["a port that is none", `port: 70000\n${OK}`, /config\.yaml:1:7 port: .*65535/],
    ["half a port", `port: 1.5\n${OK}`, /config\.yaml:1:7 port: must be a whole number/],
    ["a number as a password", `auth: { basic: { credentials: [{ username: a, password: 5 }] } }\n${OK}`, "in quotes"],
    ["args as one text", "servers:\n  git: { command: x, args: -y }\n", ":2:28 servers.git.args: must be a list"],
    ["a number in args", "servers:\n  git: { command: x, args: [1] }\n", ":2:29 servers.git.args.0: must be text"],
    [
      "an env value that is a number",
      "servers:\n  git: { command: x, env: { D: 0 } }\n",
      "servers.git.env.D: must be text",
    ],
    ["yes for true", "servers:\n  git: { command: x, inheritEnv: yes }\n", "inheritEnv: must be true or false"],
    [
      "an unknown level",
      `logging: { level: loud }\n${OK}`,
      "logging.level: must be one of error, warn, info, debug, verbose",
    ],
    ["an unknown level, seed spelling", `debug: { level: loud }\n${OK}`, "debug.level: must be one of error, warn"],
    ["a number as level", `debug: { level: 3 }\n${OK}`, "config.yaml:1:17 debug.level: must be one of"],
    ["a duration without unit", `limits: { idle: 10 }\n${OK}`, "config.yaml:1:17 limits.idle: "],
    [
      "a duration of another shape",
      `limits: { idle: 10min }\n${OK}`,
      'limits.idle: must be a duration with its unit, such as "90s"',
    ],
    ["a size of another shape", `limits: { bodyBytes: 4MB! }\n${OK}`, "limits.bodyBytes: must be a size with its unit"],
    ["a cap of zero", `limits: { sessions: 0 }\n${OK}`, "limits.sessions: "],
    [
      "an unknown type of server",
      "servers:\n  x: { type: stdoi, command: x }\n",
      /:2:\d+ servers\.x(\.type)?: not a known type/,
    ],
    ["an unknown tag", `port: !secret 3000\n${OK}`, /config\.yaml:1:7 .*!secret/],
    ["a tag that runs code elsewhere", `port: !!js/function "x"\n${OK}`, /config\.yaml:1:7 /],
    ["a publicUrl that is no URL", `publicUrl: mcp.example.com\n${OK}`, "config.yaml:1:12 publicUrl: "],
    ["a publicUrl of another scheme", `publicUrl: ftp://mcp.example.com\n${OK}`, "config.yaml:1:12 publicUrl: "],
    [
      "an allowed origin that is no URL",
      `allowedOrigins: [example.com]\n${OK}`,
      /:1:18 allowedOrigins\.0: (?!.*type of server)/,
    ],
    [
      "a user name with a colon",
      `auth: { basic: { credentials: [{ username: "a:b", password: c }] } }\n${OK}`,
      "a user name cannot contain a colon",
    ],
    [
      "an empty password",
      `auth: { basic: { credentials: [{ username: a, password: "" }] } }\n${OK}`,
      "credentials.0.password: ",
    ],
    [
      "basic auth without credentials",
      `auth: { basic: {} }\n${OK}`,
      "auth.basic.credentials: at least one credential is needed",
    ],
    [
      "bearer auth without tokens",
      `auth:\n  bearer:\n    tokens: []\n${OK}`,
      "config.yaml:3:13 auth.bearer.tokens: at least one token",
    ],
    ["an empty token", `auth: { bearer: { tokens: [""] } }\n${OK}`, "auth.bearer.tokens.0: "],
    ["a token with a space", `auth: { bearer: { tokens: ["a b"] } }\n${OK}`, "auth.bearer.tokens.0: "],
    ["an anchor that is nowhere", "servers: *nowhere\n", "config.yaml:1:10 "],
  ])("%s", (_what, yaml, expected) => {
    expect(mistakesIn(yaml)).toMatch(expected);
  });

  it.each([
    "api",
    "mcp",
    "sse",
    "health",
    "healthz",
    "live",
    "ready",
    "metrics",
    "docs",
    "sessionid",
    "dashboard",
    "console",
  ])("a server named %s, which is a path of the gateway", (name) => {
    expect(mistakesIn(`servers:\n  ${name}: { command: x }\n`)).toMatch(
      new RegExp(`config\\.yaml:2:3 servers\\.${name}: this name is a path of the gateway itself`),
    );
  });

  it.each(["-a", "_a", '"a b"', "a/b", "a.b", "ü", '""', "a".repeat(33), "__proto__", "a_mcp_b", '"a\\nb"'])(
    "a server named %s, which is no name",
    (name) => {
      expect(mistakesIn(`servers:\n  ${name}: { command: x }\n  fine: { command: x }\n`)).toMatch(/config\.yaml:2:3 /);
    },
  );

  it("two servers whose names differ in their quotes only", () => {
    expect(mistakesIn('servers:\n  1: { command: x }\n  "1": { command: y }\n')).toMatch(/config\.yaml:3:3 /);
  });

  it("in a file with a byte order mark and CRLF too", () => {
    const message = mistakesInFile("\uFEFFservers:\r\n  git:\r\n    comand: x\r\n");
    expect(message).toMatch(/config\.yaml:3:5 servers\.git: unknown key "comand"/);
    expect(message).toContain("  3 |     comand: x\n");
  });
});

describe("what would exhaust the parser is refused before or by it, with the file's name:", { timeout: 60_000 }, () => {
  const deep = 20_000;
  it.each([
    ["an alias bomb", bomb()],
    ["too many levels of brackets", `a: ${"[".repeat(deep)}${"]".repeat(deep)}\n`],
    ["too many levels of braces", `${"{a: ".repeat(deep)}1${"}".repeat(deep)}\n`],
    ["brackets that never close", "[".repeat(deep)],
    ["too many levels of dashes", `${"- ".repeat(deep)}x\n`],
    ["too many levels of question marks", `${"? ".repeat(deep)}x\n`],
    [
      "too many levels of indentation",
      Array.from({ length: 1_000 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
    ],
    ["a chain of colons", `${"a: ".repeat(deep)}\n`],
    ["a chain of anchors", `${"&a ".repeat(deep)}\n`],
    ["a chain of tagged dashes", `${"- !!seq ".repeat(deep)}\n`],
    ["more than a mebibyte", `# ${"x".repeat(1_048_577)}\n${OK}`],
    ["a gigantic line", `a: ${"x".repeat(1_048_577)}\n`],
    ["binary rubbish", String.fromCharCode(...Array.from({ length: 2_000 }, (_, index) => (index * 7919) % 256))],
    ["NULs", "\0".repeat(1_000)],
  ])("%s", (_what, source) => {
    expect(mistakesIn(source)).toMatch(/^config\.yaml[: ]/);
  });

  it("nesting that closing brackets before it should hide", () => {
    const source = `# ${"]".repeat(deep)}\na: ${"[".repeat(deep)}${"]".repeat(deep)}\n`;
    expect(mistakesIn(source)).toMatch(/config\.yaml: is nested more than 100 levels deep/);
  });

  it("but not what is only large", () => {
    const large = "x".repeat(500_000);
    const { servers } = load(`servers: { git: { command: x, env: { A: "${large}" } } }\n`);
    expect(servers["git"]).toMatchObject({ env: { A: large } });
  });
});

describe("several mistakes", () => {
  it("are all told at once, each with its line, its text and a mark below", () => {
    const message = mistakesIn(`prot: 3000
hostname: 5
logging:
  level: loud
servers:
  git:
    comand: git-mcp
  api: { command: x }
  fine: { command: x, args: "y" }
`);
    expect(message).toContain('config.yaml:1:1 unknown key "prot"; did you mean "port"?\n  1 | prot: 3000\n      ^');
    expect(message).toContain("config.yaml:2:11 hostname: must be text");
    expect(message).toContain("config.yaml:4:10 logging.level: must be one of");
    expect(message).toContain("servers.git.command: is missing");
    expect(message).toContain('config.yaml:7:5 servers.git: unknown key "comand"');
    expect(message).toContain("config.yaml:8:3 servers.api: this name is a path");
    expect(message).toContain("config.yaml:9:29 servers.fine.args: must be a list");
  });

  it("are all told at once when one is a duplicate key", () => {
    const message = mistakesIn(`port: 1\nport: 2\nhostnam: x\nlogging: { level: loud }\n${OK}`);
    expect(message).toContain("config.yaml:2:1 ");
    expect(message).toContain('unknown key "hostnam"');
    expect(message).toContain("logging.level: must be one of");
  });

  it("are all told at once when one is a variable that is not set", () => {
    const message = mistakesIn(`hostnam: x\nservers: { git: { command: "\${NOPE}", args: ["\${NOR_THIS}"] } }\n`);
    expect(message).toContain("config.yaml:2:28 the environment variable NOPE is not set");
    expect(message).toContain("NOR_THIS is not set");
    expect(message).toContain('config.yaml:1:1 unknown key "hostnam"');
  });

  it("of which one is a variable that is not set do not hold a second one for the text that stands in its place", () => {
    for (const yaml of [`port: \${NOPE}\n${OK}`, `auth: { bearer: { tokens: ["\${NOPE}"] } }\n${OK}`]) {
      expect(problemsIn(yaml)).toHaveLength(1);
    }
  });
});

describe("a code frame", () => {
  it("shows the line and marks the column", () => {
    expect(mistakesIn("servers:\n  git: { command: x, args: y }\n")).toContain(
      "  2 |   git: { command: x, args: y }\n                                 ^",
    );
  });

  it("shows short values of plain keys, and none of a key or an option that tells of a secret", () => {
    const frame = (yaml: string): string => mistakesIn(yaml).split("\n")[1] ?? "";
    expect(frame("prot: { a: pw, password: pw, 'token': [pw, pw], port: 80, x: 1 }\n")).toBe(
      "  1 | prot: { a: pw, password: …, 'token': […, …], port: 80, x: 1 }",
    );
    expect(frame("servers: { git: { comand: x, args: [--key, pw, -y, a] } }\n")).toBe(
      "  1 | servers: { git: { comand: x, args: [--key, …, …, a] } }",
    );
    expect(frame("auth: { basic: { credentials: [{ username: a, password: 4711 }] } }\n")).toContain("password: …");
  });

  it("stays short, and its mark in it, when the line is long", () => {
    const [first = "", ...rest] = mistakesIn(`servers: { git: { command: "${"x".repeat(500)}", args: y } }\n`).split(
      "\n",
    );
    expect(first).toContain("servers.git.args: must be a list");
    expect(rest.every((line) => line.length < 200)).toBe(true);
  });
});

describe("a file", () => {
  it("that is not there is told by its name", () => {
    const file = join(folder, "nowhere.yaml");
    expect(() => loadConfig(file, {})).toThrow(
      new RegExp(`^${file}: there is no such file; name the config with -c FILE`),
    );
    expect(() => loadConfig(file, {})).toThrow(ConfigError);
  });

  it("that is a folder is told by its name", () => {
    expect(() => loadConfig(folder, {})).toThrow(
      new RegExp(`^${folder}: is a folder; name a file in it, for example ${folder}/config.yaml`),
    );
  });

  it("of no bytes is a config without servers", () => {
    expect(mistakesInFile("")).toMatch(/config\.yaml.*servers: is missing/);
  });
});

function load(yaml: string, env: NodeJS.ProcessEnv = {}) {
  return parseConfig("config.yaml", yaml, env).config;
}

function loadFile(source: string) {
  const file = join(folder, "config.yaml");
  writeFileSync(file, source);
  return loadConfig(file, {});
}

function problemsIn(yaml: string): ConfigError["problems"] {
  return caught(() => load(yaml)).problems;
}

function mistakesIn(yaml: string): string {
  return caught(() => load(yaml)).message;
}

function mistakesInFile(source: string): string {
  return caught(() => loadFile(source)).message;
}

function caught(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

function bomb(): string {
  const levels = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  const lines = levels.map((name, index) => {
    const inner = index === 0 ? "x" : `*${levels[index - 1]}`;
    return `${name}: &${name} [${Array(9).fill(inner).join(",")}]`;
  });
  return `${lines.join("\n")}\n${OK}`;
}
