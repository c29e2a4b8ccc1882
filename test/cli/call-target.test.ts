import { expect, it } from "vitest";
import { callTarget } from "../../src/cli/call-target.ts";

const SERVERS = ["git", "git__hub", "jira"];

it.each([
  ["a server and its tool", ["git", "log"], "git", "log"],
  ["a group and its tool", ["team", "log"], "team", "log"],
  ["a tool with a separator in its name", ["git", "a__b:c"], "git", "a__b:c"],
  ["one word", ["jira__search", undefined], "jira", "search"],
  ["one word with a colon", ["jira:search", undefined], "jira", "search"],
  ["one word with the separator of the config", ["jira./search", undefined], "jira", "search"],
  ["the longest of two servers that fit", ["git__hub__issues", undefined], "git__hub", "issues"],
  ["a server of whose longer namesake only the name is there", ["git__hub", undefined], "git", "hub"],
])("%s", (_what, [first = "", second], server, tool) => {
  const names = { names: SERVERS, endpoints: ["team"], separator: "./" };
  expect(callTarget([first, second], names)).toMatchObject({ server, tool });
});

it("the tool alone is enough where there is one server", () => {
  expect(callTarget(["log", undefined], { names: ["git"], endpoints: [], separator: "__" })).toEqual({
    server: "git",
    tool: "log",
  });
});

it.each([
  ["an unknown server", ["gti", "log"], /no server "gti"; it has: git, git__hub, jira; did you mean "git"\?/],
  ["a tool without its server", ["log", undefined], /^which server\? Write: call <server> log, or call <server>__log/],
  ["a server without a tool", ["git", undefined], /^which server\?/],
  ["a separator without a tool", ["git__", undefined], /^which server\?/],
])("%s is wrong use", (_what, [first = "", second], message) => {
  expect(() => callTarget([first, second], { names: SERVERS, endpoints: [], separator: "__" })).toThrow(message);
});
