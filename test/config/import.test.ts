import { describe, expect, it } from "vitest";
import { importFiles } from "../../src/config/import/import.ts";
import { ConfigError } from "../../src/config/problems.ts";

// The files of other programs as one config: what it looks like, and what is said about it.

const lines = (...all: readonly string[]): string => `${all.join("\n")}\n`;

describe("becomes a config with its comments:", () => {
  it.each<[what: string, files: Readonly<Record<string, string>>, yaml: string, remarks: readonly string[]]>([
    [
      "the config of Claude Desktop, with comments",
      {
        "claude.json": lines(
          "{",
          "  // of my laptop",
          '  "globalShortcut": "x",',
          '  "mcpServers": {',
          '    "git": { "command": "npx", "args": ["-y", "server-git"], "env": { "PORT": "${PORT}", "N": "30" } }, // the repo',
          "    /* elsewhere,",
          "     * for now */",
          '    "far": { "type": "http", "url": "https://a.example/mcp", "headers": { "X-Team": "a" } },',
          '    "off": { "command": "x", "disabled": true }',
          "  }",
          "}",
        ),
      },
      lines(
        "# of my laptop",
        "servers:",
        "  git:",
        "    command: npx",
        "    args: [-y, server-git]",
        "    env:",
        '      PORT: "${PORT}"',
        '      N: "30"',
        "    # the repo",
        "  # elsewhere,",
        "  # for now",
        "  far:",
        "    type: streamable-http",
        "    url: https://a.example/mcp",
        "    headers:",
        "      X-Team: a",
      ),
      [
        "info claude.json:3:3 not about servers, and left out: globalShortcut",
        "info claude.json:4:3 mcpServers is read as servers",
        "info claude.json:9:30 servers.off is disabled and is ignored",
      ],
    ],
    [
      "the config of VS Code, whose questions become variables",
      {
        "mcp.json": lines(
          "{",
          '  "inputs": [{ "type": "promptString", "id": "github-token", "password": true }],',
          '  "servers": {',
          '    "git": { "type": "stdio", "command": "uvx", "args": ["mcp-git", "${workspaceFolder}"],',
          '      "env": { "TOKEN": "${input:github-token}", "AT": "${env:HOME}", "IN": "${userHome}/x" } },',
          '    "bad": { "type": "websocket", "url": "ws://x" } } }',
        ),
      },
      lines(
        "servers:",
        "  git:",
        "    type: stdio",
        "    command: uvx",
        '    args: [mcp-git, "$${workspaceFolder}"]',
        "    env:",
        '      TOKEN: "${GITHUB_TOKEN}"',
        '      AT: "${HOME}"',
        '      IN: "${HOME}/x"',
      ),
      [
        "warn mcp.json:2:14 the input github-token is the environment variable GITHUB_TOKEN now; set it before the start",
        "problem mcp.json:4:69 ${workspaceFolder} is known to an editor only: write the folder itself",
        "problem mcp.json:6:35 servers.bad: servers over websocket are not supported",
      ],
    ],
    [
      "the servers in the settings of VS Code",
      { "settings.json": '{ "editor.tabSize": 2, "mcp": { "inputs": [], "servers": { "a": { "command": "x" } } } }' },
      lines("servers:", "  a:", "    command: x"),
      ["info settings.json:1:3 not about servers, and left out: editor.tabSize"],
    ],
    [
      "the config of LibreChat",
      {
        "librechat.yaml": lines(
          "version: 1.2.1",
          "# the servers",
          "mcpServers:",
          "  # of the team",
          "  files:",
          "    type: stdio",
          "    command: npx",
          "    args: [-y, server-filesystem, /data]",
          "    timeout: 60000 # long",
          "    iconPath: /x.png",
          "    requiresOAuth: false",
          "  web:",
          "    type: sse",
          "    url: https://b.example/sse",
          '    headers: { X-User: "{{LIBRECHAT_USER_ID}}" }',
          "endpoints: {}",
        ),
      },
      lines(
        "# the servers",
        "servers:",
        "  # of the team",
        "  files:",
        "    type: stdio",
        "    command: npx",
        "    args: [-y, server-filesystem, /data]",
        "    timeout: 60000ms # long",
        "  web:",
        "    type: sse",
        "    url: https://b.example/sse",
        "    headers:",
        '      X-User: "{{LIBRECHAT_USER_ID}}"',
      ),
      [
        "info librechat.yaml:1:1 not about servers, and left out: version, endpoints",
        "warn librechat.yaml:9:14 servers.files.timeout has no unit, and is taken for 60000ms",
        "info librechat.yaml:3:1 mcpServers is read as servers",
        "info librechat.yaml:10:5 servers.files.iconPath is a client setting and is ignored",
        "problem librechat.yaml:15:24 {{LIBRECHAT_USER_ID}} has no counterpart here: a header of the caller is {{headers.x-user-id}}, and its name {{principal.id}}",
        "problem librechat.yaml:11:5 servers.files.requiresOAuth has no counterpart here and is left out",
      ],
    ],
    [
      "a catalog of Docker",
      {
        "catalog.yaml": lines(
          "registry:",
          "  fetch:",
          "    title: Fetch",
          "    type: server",
          "    image: mcp/fetch",
          "    secrets: [{ name: fetch.token, env: FETCH_TOKEN }]",
          "    env: [{ name: LEVEL, value: info }, { name: AT, value: '{{fetch.at}}' }]",
          "    volumes: ['/data:/data']",
          "    command: [--stdio]",
        ),
      },
      lines(
        "servers:",
        "  fetch:",
        "    command: docker",
        "    args: [run, -i, --rm, -e, LEVEL, -e, AT, -e, FETCH_TOKEN, -v, /data:/data, mcp/fetch, --stdio]",
        "    env:",
        "      LEVEL: info",
        "      AT: ${AT}",
        "      FETCH_TOKEN: ${FETCH_TOKEN}",
      ),
      ["info catalog.yaml:5:5 servers.fetch.image is run with docker"],
    ],
    [
      "the config of another gateway",
      {
        "config.yml": lines(
          "# ours",
          "",
          "server:",
          "  # everywhere",
          "  host: 0.0.0.0",
          "  port: 8080 # the port",
          "policy:",
          "  rules: [] # none yet",
          "upstreams:",
          "  # the first",
          "  - name: one",
          "    url: http://one.example/mcp # here",
          "    timeoutMs: 45000 # long",
          "# where to",
          "routing:",
          "  # sums",
          '  - match: { tool: "math.*" }',
          "    upstream: one # the only one",
          "audit: {}",
        ),
      },
      lines(
        "# ours",
        "",
        "# everywhere",
        "hostname: 0.0.0.0",
        "port: 8080 # the port",
        "policy:",
        "  rules: [] # none yet",
        "  reveal: true",
        "servers:",
        "  # the first",
        "  one:",
        "    type: streamable-http",
        "    url: http://one.example/mcp # here",
        "    timeout: 45s # long",
        "# where to",
        "routing:",
        "  # sums",
        "  - match:",
        "      tool: math.*",
        "    server: one # the only one",
        "audit: {}",
      ),
      [
        "info config.yml:5:3 this is a config of @isanjosgon/mcp-gateway, read as one of this gateway: server.host → hostname, server.port → port, upstreams → servers, routing.*.upstream → routing.*.server",
        "warn config.yml:15:1 routing leads calls of a plain name to their server, and forbids none: every tool can also be called by its name in the list and at the URL of its server, as far as policy allows",
      ],
    ],
    [
      "several files, of whose servers none is lost",
      {
        "a.json": '{"mcpServers":{"git":{"command":"x"}}}',
        "b.yaml": lines("port: 1", "servers:", "  # the other", "  git: { command: y }", "  fs: { command: z }"),
        "c.yaml": lines("port: 2", "servers: { git: { command: w } }"),
      },
      lines(
        "servers:",
        "  git:",
        "    command: x",
        "  # the other",
        "  git-2:",
        "    command: y",
        "  fs:",
        "    command: z",
        "  git-3:",
        "    command: w",
        "port: 1",
      ),
      [
        "info a.json:1:2 mcpServers is read as servers",
        "warn b.yaml:4:3 servers.git is called git-2, because an earlier file has a server of this name",
        "warn c.yaml:1:1 port is left out, because an earlier file has it too",
        "warn c.yaml:2:12 servers.git is called git-3, because an earlier file has a server of this name",
      ],
    ],
    [
      "what an alias refers to, though that is left out",
      {
        "a.yaml":
          "x-env: &env { A: b }\nmcpServers:\n  git: { command: x, env: *env }\n  fs: { command: y, env: *env }\n",
      },
      lines(
        "servers:",
        "  git:",
        "    command: x",
        "    env:",
        "      A: b",
        "  fs:",
        "    command: y",
        "    env:",
        "      A: b",
      ),
      ["info a.yaml:1:1 not about servers, and left out: x-env", "info a.yaml:2:1 mcpServers is read as servers"],
    ],
    [
      "what is still wrong, with its place in the result",
      { "a.json": '{"mcpServers":{"a b":{"command":"${X}"},"c":{"command":"x","args":"y"}}}' },
      lines("servers:", "  a b:", '    command: "${X}"', "  c:", "    command: x", "    args: y"),
      [
        "info a.json:1:2 mcpServers is read as servers",
        "problem the result:2:3 servers.a b: a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit, for example a-b",
        "problem the result:6:11 servers.c.args: must be a list",
      ],
    ],
  ])("%s", (_what, files, yaml, remarks) => {
    const result = importFiles(Object.entries(files).map(([file, text]) => ({ file, text })));
    expect(result.yaml).toBe(yaml);
    expect(result.remarks.map(({ level, text }) => `${level} ${text}`)).toEqual(remarks);
  });
});

it.each([
  ["no servers", "a: 1\n", /problem.*there are no servers in this file/],
  ["a list", "- a\n", "a.yaml: has no keys: it is no config"],
  ["rubbish", "{ [\n", /^a\.yaml:\d+:\d+ /],
  ["nothing", "", "a.yaml: has no keys: it is no config"],
  ["two gateways at once", "proxy: {}\nupstreams: []\n", /a file is one or the other/],
  ["an alias bomb", `a: &a [x,x,x,x,x,x,x,x,x]\n${bombLines()}servers: {}\n`, "a.yaml: its aliases cannot be resolved"],
  ["a key that is there twice", "servers: { a: { command: x }, a: { command: y } }\n", /problem .*appears twice/],
  ["brackets without end", "[".repeat(10_000), "a.yaml: is nested more than 100 levels deep"],
])("a file with %s is refused, or said to have no servers", (_what, text, expected) => {
  expect(said(text)).toMatch(expected);
});

function said(text: string): string {
  try {
    return importFiles([{ file: "a.yaml", text }])
      .remarks.map((remark) => `${remark.level} ${remark.text}`)
      .join("\n");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

/** Nine aliases of the line before, on each line. */
function bombLines(): string {
  return ["b", "c", "d", "e", "f", "g", "h", "i"]
    .map((name, at) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[at]}`).join(",")}]\n`)
    .join("");
}
