import { describe, expect, it } from "vitest";
import { parseConfig, type LoadedConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

// Configs pasted from MCP clients, and common mistakes of beginners.

const OK = "servers: { git: { command: git-mcp } }\n";

describe("a pasted config works, and its writer hears what became of it:", () => {
  it.each<[string, string, object, readonly string[]]>([
    [
      "mcpServers in JSON",
      '{"mcpServers":{"git":{"command":"npx","args":["-y","x"],"env":{"A":"b"}}}}',
      { git: { command: "npx", args: ["-y", "x"], env: { A: "b" } } },
      ["info config.yaml:1:2 mcpServers is read as servers"],
    ],
    [
      "mcpServers in YAML",
      "mcpServers:\n  git:\n    command: x\n",
      { git: { command: "x" } },
      ["info config.yaml:1:1 mcpServers is read as servers"],
    ],
    [
      "JSON with comments and trailing commas",
      '{\n  // mine\n  "servers": { /* one\n */ "git": { "command": "x", "args": ["http://a // b", "/* c */"], }, },\n}\n',
      { git: { args: ["http://a // b", "/* c */"] } },
      [],
    ],
    [
      "a url without a type, which may turn out to be HTTP+SSE",
      '{"mcpServers":{"far":{"url":"https://mcp.example.com/mcp","headers":{"X-Team":"a"}}}}',
      {
        far: {
          type: "streamable-http",
          url: "https://mcp.example.com/mcp",
          fallback: true,
          headers: { "X-Team": "a" },
        },
      },
      ["info config.yaml:1:2 mcpServers is read as servers"],
    ],
    [
      "the types of a server with a url, as the clients spell them",
      [
        "servers:",
        "  a: { type: http, url: https://a.example.com, alwaysAllow: [x] }",
        "  b: { type: streamableHttp, url: https://a.example.com }",
        "  c: { transport: sse, url: https://a.example.com }",
        "  d: { type: remote, url: https://a.example.com }",
        "  e: { serverUrl: https://a.example.com }",
        "  f: { httpUrl: https://a.example.com }",
      ].join("\n"),
      {
        a: { type: "streamable-http", fallback: false },
        b: { type: "streamable-http", fallback: false },
        c: { type: "sse" },
        d: { type: "streamable-http", fallback: true },
        e: { type: "streamable-http", fallback: true, url: "https://a.example.com" },
        f: { type: "streamable-http", fallback: false, url: "https://a.example.com" },
      },
      [
        "info config.yaml:2:48 servers.a.alwaysAllow is a client setting and is ignored",
        "info config.yaml:6:8 servers.e.serverUrl is read as url",
        "info config.yaml:7:8 servers.f.httpUrl is read as url",
      ],
    ],
    [
      "cwd",
      "servers:\n  git: { command: x, cwd: /srv }\n",
      { git: { path: "/srv" } },
      ["info config.yaml:2:22 servers.git.cwd is read as path"],
    ],
    [
      "cwd by an alias",
      "servers: { a: &a { command: x, cwd: /a }, b: *a }\n",
      { a: { path: "/a" }, b: { path: "/a" } },
      ["info config.yaml:1:32 servers.a.cwd is read as path"],
    ],
    [
      "disabled: true, whatever else is wrong with the entry",
      'servers:\n  git: { command: x }\n  old: { comand: "${NOPE}", disabled: true }\n',
      { git: { command: "x" } },
      ["info config.yaml:3:29 servers.old is disabled and is ignored"],
    ],
    [
      "enabled: false",
      "servers:\n  git: { command: x }\n  old: { command: x, enabled: false }\n",
      { git: { command: "x" } },
      ["info config.yaml:3:22 servers.old is disabled and is ignored"],
    ],
    [
      "disabled: false, a type and a transport that are stdio, all tools allowed",
      'servers: { git: { command: x, disabled: false, type: stdio, transport: stdio, tools: ["*"], disabledTools: [] } }\n',
      { git: { command: "x" } },
      [],
    ],
    [
      "what a client may do without asking",
      "servers:\n  git:\n    command: x\n    autoApprove: [a]\n    alwaysAllow: [b]\n",
      { git: { command: "x" } },
      [
        "info config.yaml:4:5 servers.git.autoApprove is a client setting and is ignored",
        "info config.yaml:5:5 servers.git.alwaysAllow is a client setting and is ignored",
      ],
    ],
    [
      "settings of the client beside the servers",
      '{"$schema":"x","mcpServers":{"git":{"command":"x"}},"globalShortcut":"y"}',
      { git: { command: "x" } },
      [
        "info config.yaml:1:16 mcpServers is read as servers",
        "info config.yaml:1:53 globalShortcut is a client setting and is ignored",
      ],
    ],
    [
      "variables as Cursor writes them",
      'servers: { git: { command: x, env: { A: "${env:HOME}" } } }\n',
      { git: { env: { A: "/h" } } },
      [],
    ],
    [
      "a program with a blank in its path",
      'servers: { git: { command: "/opt/My Tools/server" } }\n',
      { git: { command: "/opt/My Tools/server" } },
      [],
    ],
    [
      "names that differ in case only",
      "servers:\n  files: { command: x }\n  Files: { command: y }\n",
      { files: { command: "x" }, Files: { command: "y" } },
      [expect.stringMatching(/^warn config\.yaml:3:3 servers\.Files differs from servers\.files only in case: /)],
    ],
  ])("%s", (_what, source, servers, notes) => {
    const loaded = load(source);
    expect(loaded.config.servers).toMatchObject(servers);
    expect(Object.keys(loaded.config.servers)).toEqual(Object.keys(servers));
    expect(loaded.notes.map(({ level, text }) => `${level} ${text}`)).toEqual(notes);
  });

  it("its secrets are as secret as those of any other config", () => {
    const { secrets } = load('{"mcpServers":{"git":{"command":"x","env":{"API_KEY":"hunter2-key"}}}}');
    expect(secrets).toContain("hunter2-key");
  });
});

describe("a mistake of a first hour is told with its place and its cure:", () => {
  it.each<[string, string, string]>([
    [
      "words in the command",
      "servers:\n  git:\n    command: npx -y x\n",
      ":3:14 servers.git.command: must be the program alone, because no shell splits it: command: npx, and each of the other words as an element of args",
    ],
    [
      "words after a path in the command",
      "servers:\n  git:\n    command: /usr/bin/node --flag x\n",
      ":3:14 servers.git.command: must be the program alone",
    ],
    [
      "a command that is a list",
      "servers:\n  git:\n    command: [npx, -y, x]\n",
      ":3:14 servers.git.command: must be one program; put the words after it into args",
    ],
    ["a type without a url", "servers:\n  far:\n    type: http\n", ":3:5 servers.far.url: is missing"],
    [
      "a url that is none",
      "servers:\n  far:\n    url: ftp://mcp.example.com\n",
      ":3:10 servers.far.url: must be a URL that begins with http:// or https://",
    ],
    [
      "a web socket",
      "servers:\n  far: { type: ws, url: wss://mcp.example.com }\n",
      ":2:20 servers.far: servers over ws are not supported",
    ],
    [
      "a command and a url",
      "servers:\n  far: { command: x, url: https://mcp.example.com }\n",
      ":2:22 servers.far: has both a command and a url: keep the one that is meant",
    ],
    [
      "a type of nobody",
      "servers:\n  git: { type: telnet, command: x }\n",
      ":2:16 servers.git.type: not a known type of server; there are stdio, streamable-http (or http) and sse",
    ],
    [
      "mcpServers beside servers",
      `mcpServers: { a: { command: x } }\n${OK}`,
      ":1:1 mcpServers and servers mean the same",
    ],
    [
      "cwd beside path",
      "servers: { a: { command: x, cwd: a, path: b } }\n",
      ":1:29 servers.a: cwd and path mean the same: keep path",
    ],
    [
      "servers that are all disabled",
      "servers:\n  a: { command: x, disabled: true }\n",
      ":2:3 servers: every server is disabled, but at least one is needed",
    ],
    [
      "tools that should be hidden",
      "servers:\n  a: { command: x, disabledTools: [rm] }\n",
      ":2:20 servers.a.disabledTools: tools cannot be hidden yet, so every caller would see all of them; remove the key if that is acceptable",
    ],
    [
      "an envFile",
      "servers:\n  a: { command: x, envFile: .env }\n",
      ":2:20 servers.a.envFile: is not supported; list the variables under env",
    ],
    [
      "an input that somebody should be asked for",
      'servers:\n  a: { command: x, env: { A: "${input:key}" } }\n',
      ":2:30 ${input:…} is not supported, as there is nobody to ask; put the value into a variable and write ${VAR}",
    ],
    [
      "a name for people",
      'mcpServers: { "My Server": { command: x } }\n',
      ":1:15 servers.My Server: a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit, for example My-Server",
    ],
    [
      "a name that is a package",
      'servers: { "@scope/x": { command: x } }\n',
      ":1:12 servers.@scope/x: a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit, for example scope-x",
    ],
    ["an empty list of servers", "servers: []\n", ":1:10 servers: must be a block of keys"],
    [
      "an empty list of tokens",
      `auth: { bearer: { tokens: [] } }\n${OK}`,
      ":1:27 auth.bearer.tokens: at least one token is needed, or enabled: false",
    ],
    [
      "an empty password",
      `auth: { basic: { credentials: [{ username: a, password: "" }] } }\n${OK}`,
      ":1:57 auth.basic.credentials.0.password: must not be empty",
    ],
    [
      "a value that is not there",
      "servers: { git: { command: x, args: } }\n",
      ":1:37 servers.git.args: must be a list, but it is empty",
    ],
    [
      "a time without unit",
      "servers:\n  a:\n    command: x\n    timeout: 30\n",
      ':4:14 servers.a.timeout: must be a duration with its unit, such as "90s", "10m" or "off"',
    ],
    [
      "a limit without unit",
      `limits: { idle: 30 }\n${OK}`,
      ':1:17 limits.idle: must be a duration with its unit, such as "90s", "10m" or "off"',
    ],
    [
      "a size without unit",
      `limits: { bodyBytes: 4 }\n${OK}`,
      ':1:22 limits.bodyBytes: must be a size with its unit, such as "4MiB"',
    ],
    ["a port that is none", `port: 80000\n${OK}`, ":1:7 port: must be at most 65535"],
    ["a port below all", `port: -1\n${OK}`, ":1:7 port: must be at least 0"],
    ["a port in quotes", `port: "3000"\n${OK}`, ":1:7 port: must be a number (without quotes)"],
    ["a cap of zero", `limits: { sessions: 0 }\n${OK}`, ":1:21 limits.sessions: must be at least 1"],
    ["a hostname of no letters", `hostname: ""\n${OK}`, ":1:11 hostname: must not be empty"],
    [
      "a public URL without scheme",
      `publicUrl: mcp.example.com\n${OK}`,
      ":1:12 publicUrl: must be a URL that begins with http:// or https://",
    ],
    ["a tab", "servers:\n\tgit: { command: x }\n", ":2:1 this line is indented with a tab: YAML allows only spaces"],
    ["a key that is there twice", `port: 1\nport: 2\n${OK}`, ":2:1 this key appears twice: keep one"],
    [
      "a line that begins in no column",
      "servers:\n  a:\n    command: x\n   b: 1\n",
      ":4:1 this line is indented too little or too much",
    ],
    ["two keys on one line", "servers:\n  a: b: c\n", ":2:6 a second key on this line"],
    [
      "a quote that does not end",
      `port: "3000\n${OK}`,
      ":3:1 a quote, a bracket or a comma is missing here or earlier",
    ],
    ["two documents", `${OK}---\n${OK}`, ":2:1 a second document begins here"],
  ])("%s", (_what, source, expected) => {
    const lines = mistakesIn(source)
      .split("\n")
      .filter((line) => line.startsWith("config.yaml"));
    expect(lines[0]).toContain(`config.yaml${expected}`);
    // One mistake, one sentence.
    expect(lines).toHaveLength(1);
  });

  it("and no secret in the words of a command is repeated", () => {
    expect(mistakesIn("servers:\n  git:\n    command: npx -y x --token=hunter2\n")).not.toContain("hunter2");
  });
});

const load = (source: string): LoadedConfig => parseConfig("config.yaml", source, { HOME: "/h" });

function mistakesIn(source: string): string {
  try {
    load(source);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
}
