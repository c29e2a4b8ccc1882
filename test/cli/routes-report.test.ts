import { describe, expect, it } from "vitest";
import { routesReport } from "../../src/cli/routes-report.ts";
import { routesText } from "../../src/cli/routes-text.ts";
import { parseConfig } from "../../src/config/load.ts";
import { noEntries } from "../../src/protocol/entry-reader.ts";
import type { ToolList } from "../../src/protocol/tool.ts";
import { toolsListed } from "../helpers/tools.ts";

const SERVERS = "servers: { git: { command: git-mcp }, jira: { command: jira-mcp }, files: { command: files-mcp } }";

function list(server: string, tools: readonly string[], more: Partial<ToolList> = {}): ToolList {
  const listed = toolsListed(
    server,
    tools.map((name) => ({ name })),
  );
  return {
    server,
    initializeResult: {},
    tools: new Map(listed.map((tool) => [tool.name, tool])),
    ...noEntries,
    ...more,
  };
}

function report(config: string, lists: readonly ToolList[] = [], auth: readonly string[] = []) {
  const loaded = parseConfig("config.yaml", `${SERVERS}\n${config}`, {});
  return routesReport({
    config: loaded.config,
    url: "http://localhost:3000",
    auth,
    summaryOf: (server) => `the command of ${server}`,
    lists,
  });
}

describe("the ways in", () => {
  it("are the URL for all servers, those of each, and those of each group", () => {
    const { all, servers, groups } = report(
      "groups: { team: { servers: [jira, git], tools: ['git:*'], prompts: [] } }",
    );
    expect(all).toEqual({
      urls: { streamableHttp: "/mcp", sse: "/sse", rest: "/api/mcp" },
      names: "server__name",
      servers: ["git", "jira", "files"],
    });
    const urls = { either: "/git", streamableHttp: "/git/mcp", sse: "/git/sse", rest: "/api/git" };
    expect(servers[0]).toEqual({ name: "git", what: "the command of git", urls, access: [] });
    expect(groups).toMatchObject([
      {
        name: "team",
        servers: ["jira", "git"],
        selects: { tools: ["git:*"], prompts: [] },
        urls: { rest: "/api/team" },
      },
    ]);
  });

  it("are routes, with those that are never taken and those of a tool that is not there", () => {
    const { routing } = report(
      [
        "routing:",
        "  - { match: { tool: 'git_*' }, server: git }",
        "  - { match: { tool: 'git_log' }, upstream: jira }",
        "  - { match: { prompt: 'ask' }, server: files }",
        "  - { match: { method: '*' }, server: files }",
      ].join("\n"),
      [list("git", ["log"]), list("files", [], { prompts: [{ name: "ask" }] })],
    );
    expect(routing).toEqual([
      { index: 0, match: { tool: "git_*" }, server: "git", remark: "git lists no tool of this name" },
      {
        index: 1,
        match: { tool: "git_log" },
        server: "jira",
        neverTaken: "routing.0 takes all that it could match",
      },
      { index: 2, match: { prompt: "ask" }, server: "files" },
      { index: 3, match: { method: "*" }, server: "files" },
    ]);
  });
});

describe("who may use a server", () => {
  it.each<[what: string, config: string, access: readonly string[], otherwise: string | undefined]>([
    ["everybody, where there are no rules", "", [], undefined],
    [
      "the subject of a rule, with what of it is about the server",
      "policy: { rules: [{ subject: { tenant: acme, client: [ci, cd] }, allow: { methods: ['*'], tools: ['git:*', 'jira:x', 'ping'] } }] }",
      ["allow tenant acme, client ci or cd: methods *; tools git:* ping (policy.rules[0].allow)"],
      "everything else: deny (policy.default)",
    ],
    [
      "everybody, for a rule without a subject; and nobody, for a denial",
      "policy: { default: allow, rules: [{ allow: { servers: ['g*'] }, deny: { tools: ['*:push'] } }, { allow: { servers: [jira], tools: ['*'] } }] }",
      ["allow everybody: everything (policy.rules[0].allow)", "deny everybody: tools *:push (policy.rules[0].deny)"],
      "everything else: allow (policy.default)",
    ],
    [
      "callers with a scope",
      "auth: { permissions: { 'git:*': ['scope:a', 'scope:b'], 'jira:*': ['scope:c'] } }",
      ["needs scope:a or scope:b: tools git:* (auth.permissions)"],
      "every other tool: deny (auth.options.default_scope)",
    ],
    [
      "callers with the scope for all the rest",
      "auth: { options: { default_scope: 'scope:user' } }",
      [],
      "every other tool needs scope:user (auth.options.default_scope)",
    ],
  ])("%s", (_what, config, access, otherwise) => {
    const { servers, otherwise: rest } = report(config);
    const [git] = servers;
    expect(git?.access.map(({ effect, who, what, by }) => `${effect} ${who}: ${what} (${by})`)).toEqual(access);
    expect(rest).toBe(otherwise);
  });
});

it("names that several servers have are shown, with what a client gets by the plain one", () => {
  const lists = [
    list("git", ["log", "only"], { resources: [{ uri: "a:1" }] }),
    list("jira", ["log"], { resources: [{ uri: "a:1" }] }),
  ];
  const { sharedNames, unknown } = report("routing: [{ match: { resource: 'a:*' }, server: jira }]", lists);
  expect(sharedNames).toEqual([
    { kind: "tool", name: "log", servers: ["git", "jira"], names: ["git__log", "jira__log"], plainly: undefined },
    { kind: "resource", name: "a:1", servers: ["git", "jira"], names: ["a:1", "mcp+jira:a:1"], plainly: "git" },
  ]);
  expect(unknown).toEqual(["files"]);
});

it("the text has all of it, and servers about which the rules say the same together", () => {
  const text = routesText(
    report(
      [
        "policy: { rules: [{ allow: { servers: [git, jira] } }] }",
        "routing: [{ match: { tool: 'x' }, server: git }, { match: {}, server: git }, { match: { tool: y }, server: jira }]",
        "groups: { team: { servers: [git], tools: [], prompts: [], resources: [] } }",
      ].join("\n"),
      [list("git", ["log"]), list("jira", ["log"])],
      ["bearer"],
    ),
  );
  expect(text).toBe(
    [
      "http://localhost:3000  auth: bearer",
      "",
      "all servers   /mcp  /sse  /api/mcp",
      "  names there: server__name",
      "",
      "routes of plain names and URIs there; the first that fits",
      "  routing.0  tool x → git   (git lists no tool of this name)",
      "  routing.1  everything → git",
      "  routing.2  tool y → jira   (never taken: routing.1 takes all that it could match)",
      "",
      "servers",
      "  git   /git  /git/mcp  /git/sse  /api/git   1 tool",
      "      the command of git",
      "  jira   /jira  /jira/mcp  /jira/sse  /api/jira   1 tool",
      "      the command of jira",
      "  files   /files  /files/mcp  /files/sse  /api/files",
      "      the command of files",
      "",
      "groups",
      "  team   /team  /team/mcp  /team/sse  /api/team",
      "      servers git; tools none; prompts none; resources none",
      "",
      "who may",
      "  git, jira",
      "    allow  everybody: everything  (policy.rules[0].allow)",
      "  files",
      "    no rule",
      "  everything else: deny (policy.default)",
      "",
      "the same name on several servers",
      '  tool "log": git, jira; called git__log, jira__log; the plain name is that of git',
      "not known: what files lists; the gateway finds out when it runs, this command with --ask",
      "",
      "remarks",
      "  groups.team selects nothing: its lists are empty",
      "",
    ].join("\n"),
  );
});
