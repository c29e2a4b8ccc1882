import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";

const SERVERS = "servers:\n  git: { command: git-mcp }\n  jira: { command: jira-mcp }\n";

/** Line, column and message of each mistake. */
function problemsOf(more: string): string[] {
  try {
    parseConfig("config.yaml", SERVERS + more, {});
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ message, position }) => `${position?.line}:${position?.column} ${message}`);
  }
}

const notesOf = (more: string): string[] =>
  parseConfig("config.yaml", SERVERS + more, {}).notes.map(({ text }) => text);

describe("groups and routes are refused", () => {
  it.each([
    [
      "routing: [{ match: { tool: 'a.*' }, server: got }]",
      '4:45 routing.0.server: there is no server of this name; did you mean "git"?',
    ],
    ["routing: [{ match: { tool: a }, upstream: slack }]", "4:43 routing.0.upstream: there is no server of this name"],
    [
      "routing: [{ match: { tool: a } }]",
      "4:11 routing.0: server is missing: name the server that these requests go to",
    ],
    [
      "routing: [{ match: {}, server: git, upstream: jira }]",
      "4:47 routing.0.upstream: server and upstream are the same key: keep one",
    ],
    ["groups: { git: { servers: [jira] } }", '4:16 groups.git: there is a server of the name "git" already'],
    [
      "groups: { team: { servers: [gitt] } }",
      '4:29 groups.team.servers.0: there is no server of this name; did you mean "git"?',
    ],
    [
      "groups: { team: { servers: [git], rename: { log: 'jira:log' } } }",
      '4:50 groups.team.rename.log: a name that begins with "jira:" is one of the server "jira"',
    ],
    ["groups: { team: { servers: [] } }", "4:28 groups.team.servers: must not be empty"],
    ["groups: { docs: { servers: [git] } }", "4:11 groups.docs: this name is a path of the gateway itself"],
    ["naming: { separator: '###' }", "4:22 naming.separator: must be one to four of the characters _ - . : /"],
  ])("%s", (more, problem) => {
    expect(problemsOf(more)).toEqual([problem]);
  });
});

describe("it is remarked on, with its place,", () => {
  it.each([
    [
      "a route about two things",
      "routing: [{ match: { tool: a, prompt: b }, server: git }]",
      "config.yaml:4:11 routing.0 is never taken: no request has a tool and a prompt",
    ],
    [
      "a route for a method without what it names",
      "routing: [{ match: { tool: a, method: 'prompts/*' }, server: git }]",
      "config.yaml:4:11 routing.0 is never taken: tool is only about tools/call, which match.method does not include",
    ],
    [
      "a route behind one that takes everything",
      "routing: [{ match: { method: '*' }, server: git }, { match: { tool: a }, server: jira }]",
      "config.yaml:4:52 routing.1 is never taken: routing.0 takes all that it could match",
    ],
    [
      "a route behind a wider one",
      "routing: [{ match: { tool: 'a*' }, server: git }, { match: { tool: 'ab*' }, server: jira }]",
      "config.yaml:4:51 routing.1 is never taken: routing.0 takes all that it could match",
    ],
    [
      "a group with empty lists",
      "groups: { team: { servers: [git], tools: [] } }",
      "config.yaml:4:17 groups.team selects nothing: its lists are empty",
    ],
    [
      "a pattern about a server outside the group",
      "groups: { team: { servers: [git], tools: ['jira:*'] } }",
      'config.yaml:4:43 groups.team.tools.0: "jira:*" selects nothing, because no server of the group has the name "jira"',
    ],
  ])("%s", (_what, more, note) => {
    expect(notesOf(more)).toEqual([note]);
  });

  it("nothing about routes and groups that are as they should be", () => {
    const routing =
      "routing: [{ match: { tool: 'a*' }, server: git }, { match: { prompt: 'a*' }, server: git }, { match: { method: '*' }, server: jira }]";
    const groups = "groups: { team: { servers: [git], tools: ['git:*', 'log*'], rename: { 'git:log': log } } }";
    expect(notesOf(`${routing}\n${groups}`)).toEqual([]);
  });
});
