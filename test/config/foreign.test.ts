import { describe, expect, it } from "vitest";
import { parseConfig, type LoadedConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

// Configs of other gateways: what they become, and what is said about them.

const ISA_BEGIN = "info config.yaml:1:1 this is a config of @isanjosgon/mcp-gateway, read as one of this gateway: ";
const MAT_BEGIN =
  "info config.yaml:1:1 this is a config of matthisholleville/mcp-gateway, read as one of this gateway: ";
const UPSTREAM = "upstreams:\n  - { name: a, type: http, url: 'http://a.example/mcp' }\n";
const NO_POLICY = "warn config.yaml:2:3 upstreams: there is no policy, so that whoever is admitted may do everything";
const PROXY = "proxy:\n  servers:\n    - { name: a, connection: { url: 'http://a.example/mcp' } }\n";

describe("the config of another gateway becomes", () => {
  it.each<[what: string, source: string, canonical: object, notes: readonly string[]]>([
    [
      "an upstream, with the timeout that its documentation promises",
      UPSTREAM,
      {
        port: 8080,
        audit: { enabled: true },
        servers: { a: { type: "streamable-http", url: "http://a.example/mcp", timeout: "30s", fallback: false } },
      },
      [`${ISA_BEGIN}upstreams → servers`, NO_POLICY],
    ],
    [
      "the credential of an upstream, filled in",
      [
        "upstreams:",
        "  - name: example-upstream",
        "    type: http",
        '    url: "https://mcp-upstream.example.com/api/v2/mcp"',
        "    timeoutMs: 45000",
        "    auth:",
        "      type: apiKey",
        "      apiKey:",
        '        header: "Authorization"',
        '        value: "Api-Key ${KEY}"',
        "policy: { rules: [] }",
      ].join("\n"),
      {
        policy: { default: "deny", reveal: true },
        servers: {
          "example-upstream": {
            timeout: "45s",
            auth: { type: "header", header: "Authorization", value: "Api-Key secret-of-env" },
          },
        },
      },
      [`${ISA_BEGIN}upstreams → servers`],
    ],
    [
      "a server block, a timeout in ms, a level of pino",
      [
        "server: { host: 127.0.0.1, port: 9090, allowedOrigins: ['http://localhost:3000'], requireOrigin: false }",
        "auth: { mode: none }",
        "policy: { reveal: false, default: allow }",
        "upstreams: [{ name: a, url: 'http://a.example', timeoutMs: 1500 }, { name: b, url: 'http://b.example', timeoutMs: '${MS}' }]",
        "logging: { level: trace, redactKeys: [token] }",
        "audit: { environments: [production] }",
      ].join("\n"),
      {
        hostname: "127.0.0.1",
        port: 9090,
        allowedOrigins: ["http://localhost:3000"],
        auth: {},
        policy: { reveal: false },
        servers: { a: { timeout: "1500ms" }, b: { timeout: "250ms" } },
        logging: { level: "verbose", redactKeys: ["token"] },
        audit: { environments: ["production"] },
      },
      [
        "info config.yaml:1:11 this is a config of @isanjosgon/mcp-gateway, read as one of this gateway: server.host → hostname, server.port → port, server.allowedOrigins → allowedOrigins, upstreams → servers",
      ],
    ],
    [
      "headers to pass on, without those of MCP and those with a credential",
      `${UPSTREAM}upstreamHeaders:\n  forward: [accept, content-type, mcp-session-id, last-event-id, traceparent, Authorization]\n`,
      { servers: { a: { forwardHeaders: ["traceparent"] } } },
      [
        `${ISA_BEGIN}upstreamHeaders.forward → servers.*.forwardHeaders, upstreams → servers`,
        "warn config.yaml:4:79 upstreamHeaders.forward: Authorization is never passed on, because it holds the caller's credential",
      ],
    ],
    [
      "a route for everything, and the path of the URL for all servers",
      `${UPSTREAM}server: { path: /mcp }\nrouting:\n  - { match: { method: "*" }, upstream: a }\npolicy: {}\n`,
      { port: 8080, routing: [{ match: { method: "*" }, server: "a" }], naming: { separator: "__" } },
      [`${ISA_BEGIN}upstreams → servers, routing.*.upstream → routing.*.server`],
    ],
    [
      "routes of its own for tools, resources and prompts, and another path, which is said",
      [
        UPSTREAM.trimEnd(),
        "server: { path: /all }",
        "routing:",
        "  - match: { tool: 'math.*' } # sums",
        "    upstream: a",
        "  - &last { match: { resource: 'kb:*', prompt: '*' }, upstream: a }",
        "  - *last",
        "policy: {}",
      ].join("\n"),
      {
        routing: [
          { match: { tool: "math.*" }, server: "a" },
          { match: { resource: "kb:*", prompt: "*" }, server: "a" },
          { match: { resource: "kb:*", prompt: "*" }, server: "a" },
        ],
      },
      [
        `${ISA_BEGIN}upstreams → servers, routing.*.upstream → routing.*.server`,
        "warn config.yaml:3:11 server.path has no effect: the URL for all servers ends in /mcp; a reverse proxy can give it another path",
        "warn config.yaml:4:1 routing leads calls of a plain name to their server, and forbids none: every tool can also be called by its name in the list and at the URL of its server, as far as policy allows",
        "warn config.yaml:7:11 routing.1 is never taken: no request has a resource and a prompt",
        "warn config.yaml:8:5 routing.2 is never taken: no request has a resource and a prompt",
      ],
    ],
    [
      "a server of a proxy, with its credential",
      [
        "proxy:",
        "  servers:",
        '    - name: "n8n"',
        '      type: "streamable-http"',
        "      connection:",
        '        url: "${N8N}"',
        "        timeout: 1m30s",
        "      auth:",
        '        type: "header"',
        '        header: "x-n8n-key"',
        '        value: "${KEY}"',
      ].join("\n"),
      {
        port: 8082,
        naming: { separator: ":" },
        servers: {
          n8n: {
            type: "streamable-http",
            url: "http://n8n.example",
            timeout: "90000ms",
            auth: { type: "header", header: "x-n8n-key", value: "secret-of-env" },
          },
        },
      },
      [`${MAT_BEGIN}proxy.servers → servers`],
    ],
    [
      "cors, the URL, the heartbeat; what has no counterpart is said",
      [
        PROXY.trimEnd(),
        "  proxy_config: { cache_ttl: 300s, heartbeat: { enabled: true, interval_seconds: 20 } }",
        "cors:",
        "  enabled: true",
        "  allowed_origins: ['*']",
        "  allowed_methods: [GET]",
        "  allowed_headers: [Authorization]",
        "  allow_credentials: true",
        "server: { url: 'http://localhost:8082' }",
        "auth: { permissions: { '*': ['scope:1'] }, options: { enabled: true, scope_mode: all } }",
      ].join("\n"),
      {
        allowedOrigins: ["*"],
        publicUrl: "http://localhost:8082",
        auth: { permissions: { "*": ["scope:1"] }, options: { scope_mode: "all", default_scope: null } },
        rest: { catalogAge: "300s" },
        servers: { a: { heartbeat: { interval: "20s" } } },
      },
      [
        `${MAT_BEGIN}proxy.proxy_config.heartbeat → servers.*.heartbeat, proxy.proxy_config.cache_ttl → rest.catalogAge, proxy.servers → servers, cors.allowed_origins → allowedOrigins, server.url → publicUrl`,
        "info config.yaml:8:3 cors.allowed_methods has no counterpart here and is ignored: pages of an allowed origin may use every method and header that MCP and REST need",
        "info config.yaml:9:3 cors.allowed_headers has no counterpart here and is ignored: pages of an allowed origin may use every method and header that MCP and REST need",
        "info config.yaml:10:3 cors.allow_credentials has no counterpart here and is ignored: pages send the Authorization header themselves, and cookies are not used",
      ],
    ],
    [
      "how old a list may be, beside other keys of its block; and a separator of its own",
      `${PROXY}  proxy_config: { cache_ttl: 1m30s }\nrest: { timeout: 20s }\nnaming: { separator: "__" }\n`,
      { rest: { timeout: "20s", catalogAge: "90000ms" }, naming: { separator: "__" } },
      [`${MAT_BEGIN}proxy.proxy_config.cache_ttl → rest.catalogAge, proxy.servers → servers`],
    ],
    [
      "no origins where cors is off, and no heartbeat where that is off",
      `${PROXY}  proxy_config: { heartbeat: { enabled: false } }\ncors: { enabled: false, allowed_origins: ['*'] }\nport: 9000\n`,
      { port: 9000, allowedOrigins: [], servers: { a: { heartbeat: { interval: "off" } } } },
      [
        `${MAT_BEGIN}proxy.proxy_config.heartbeat → servers.*.heartbeat, proxy.servers → servers`,
        "info config.yaml:5:25 cors.allowed_origins has no counterpart here and is ignored: cors.enabled is false",
      ],
    ],
    [
      "the same whether a part is written out or referred to",
      "upstreams:\n  - { name: a, url: 'http://a.example', auth: &k { type: apiKey, apiKey: { header: X-Key, value: key-of-both } } }\n  - { name: b, url: 'http://b.example', auth: *k }\npolicy: {}\n",
      {
        servers: {
          a: { auth: { type: "header", header: "X-Key", value: "key-of-both" } },
          b: { auth: { type: "header", header: "X-Key", value: "key-of-both" } },
        },
      },
      [`${ISA_BEGIN}upstreams → servers`],
    ],
  ])("%s", (_what, source, canonical, notes) => {
    const { config, notes: said } = read(source);
    expect(config).toMatchObject(canonical);
    const about = said.map(({ level, text }) => `${level} ${text}`);
    expect(about.slice(0, notes.length)).toEqual(notes);
    expect(about.slice(notes.length).filter((text) => !/auth\.permissions|policy/.test(text))).toEqual([]);
  });

  it("secrets that are kept out of the log", () => {
    const auth = "auth: { type: apiKey, apiKey: { header: X-Key, value: key-in-the-file } }";
    const { secrets } = read(`upstreams: [{ name: a, url: 'http://a.example', ${auth} }]\n`);
    expect(secrets).toContain("key-in-the-file");
  });

  it("the same twice: the canonical form is not one of another gateway", () => {
    const { config } = read(UPSTREAM);
    const again = read(JSON.stringify({ servers: config.servers, port: config.port }));
    expect(again.notes).toEqual([]);
    expect(again.config.servers).toEqual(config.servers);
  });
});

describe("is refused, with the place:", () => {
  it.each<[what: string, source: string, problems: readonly string[]]>([
    [
      "two other gateways at once",
      `${UPSTREAM}cors: { enabled: true }\n`,
      [
        "3:1 cors belongs to a config of matthisholleville/mcp-gateway, but upstreams to one of @isanjosgon/mcp-gateway: a file is one or the other",
        "1:1 upstreams belongs to a config of @isanjosgon/mcp-gateway, but cors to one of matthisholleville/mcp-gateway: a file is one or the other",
      ].toReversed(),
    ],
    [
      "one of them and this one",
      "servers: { a: { command: x } }\nproxy: {}\n",
      [
        "1:1 servers belongs to a config of this gateway, but proxy to one of matthisholleville/mcp-gateway: a file is one or the other",
        "2:1 proxy belongs to a config of matthisholleville/mcp-gateway, but servers to one of this gateway: a file is one or the other",
      ],
    ],
    [
      "the same key in both spellings",
      `${UPSTREAM}server: { port: 1 }\nport: 2\n`,
      ["4:1 server.port and port mean the same: keep one"],
    ],
    [
      "a route to an upstream that there is not",
      `${UPSTREAM}routing:\n  - { match: { method: "*" }, upstream: aa }\n  - { match: { method: "*" } }\n`,
      [
        '4:41 routing[0].upstream: there is no upstream of this name; did you mean "a"?',
        "5:5 routing[1].upstream: must be the name of an upstream",
      ],
    ],
    [
      "unknown keys, with what was meant",
      "upstreams:\n  - { name: a, ulr: x, url: 'http://a.example' }\nserver: { pot: 1 }\n",
      [
        '2:16 upstreams[0]: unknown key "ulr"; did you mean "url"?',
        '3:11 server: unknown key "pot"; did you mean "port"?',
      ],
    ],
    [
      "entries without a name, with a name that is no name, and twice the same",
      "upstreams:\n  - { url: 'http://a.example' }\n  - { name: [x], url: 'http://a.example' }\n  - { name: a, url: 'http://a.example' }\n  - { name: a, url: 'http://a.example' }\n  - 7\n",
      [
        "2:5 upstreams[0].name: is missing: it becomes part of the URL",
        "3:13 upstreams[1].name: must be a name",
        "5:13 upstreams[3].name: another server has this name",
        "6:5 upstreams[4]: must be a block of keys",
      ],
    ],
    [
      "a name that a URL cannot have",
      "upstreams: [{ name: 'a b', url: 'http://a.example' }, { name: __proto__, url: 'http://a.example' }]\n",
      [
        "1:21 servers.a b: a server name has 1 to 32 characters of A-Z a-z 0-9 _ - and begins with a letter or digit, for example a-b",
        "1:63 upstreams[1].name: must be a name",
      ],
    ],
    [
      "a variable that is not set or empty, in the credential of an upstream",
      "upstreams: [{ name: a, url: 'http://a.example', auth: { type: apiKey, apiKey: { header: A, value: 'Api-Key ${EMPTY}' } } }]\n",
      ["1:99 the environment variable EMPTY is not set (or empty); ${EMPTY:-default} gives it a default"],
    ],
    [
      "timeouts that are none",
      "upstreams:\n  - { name: a, url: 'http://a.example', timeoutMs: 0 }\n  - { name: b, url: 'http://a.example', timeoutMs: 30s }\n",
      [
        "2:52 upstreams[0].timeoutMs: must be a whole number of milliseconds, at least 1",
        "3:52 upstreams[1].timeoutMs: must be a whole number of milliseconds, at least 1",
      ],
    ],
    [
      "what would let in more callers than the other gateway did",
      `${UPSTREAM}auth: { mode: none, apiKeys: [{ key: dev_key_1 }] }\nserver: { requireOrigin: true }\n`,
      [
        "3:9 auth.mode: none, but there are apiKeys: remove one of the two",
        "4:11 server.requireOrigin: requests without an Origin header cannot be refused here; remove the key",
      ],
    ],
    [
      "API keys that are missing, though the mode asks for them",
      `${UPSTREAM}auth: { mode: apiKey }\n`,
      ["3:9 auth.apiKeys is missing: without a key, anyone may call; auth.mode: none says so"],
    ],
    [
      "permissions that are switched off",
      `${PROXY}auth: { options: { enabled: false } }\n`,
      ["4:20 auth.options.enabled: permissions are checked if there are any; to switch that off, remove them"],
    ],
    ["no list of servers", "server: { url: 'http://a' }\n", ["1:11 proxy.servers is missing: list the servers there"]],
    [
      "what is not of the right kind",
      "proxy: { servers: 7, proxy_config: { heartbeat: { interval_seconds: soon } } }\ncors: yes\nserver: [x]\n",
      [
        "1:19 proxy.servers: must be a list",
        "1:69 proxy.proxy_config.heartbeat.interval_seconds: must be a number of seconds",
        "2:7 cors: must be a block of keys",
        "3:9 server: must be a block of keys",
      ],
    ],
  ])("%s", (_what, source, problems) => {
    expect(problemsIn(source)).toEqual(problems);
  });
});

const ENV = { KEY: "secret-of-env", MS: "250", N8N: "http://n8n.example", EMPTY: "" };

const read = (source: string): LoadedConfig => parseConfig("config.yaml", source, ENV);

function problemsIn(source: string): string[] {
  try {
    read(source);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      ({ message, position }) => `${position === undefined ? "" : `${position.line}:${position.column} `}${message}`,
    );
  }
}
