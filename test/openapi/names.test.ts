import { describe, expect, it } from "vitest";
import { toolsOf } from "../../src/openapi/server-tools.ts";
import { matchesGlob } from "../../src/lib/glob.ts";
import { operationIds } from "../../src/openapi/operation-id.ts";
import { inTime } from "../helpers/in-time.ts";
import { toolsListed } from "../helpers/tools.ts";

function idsOf(...names: string[]): string[] {
  return [
    ...operationIds(
      toolsOf(
        {
          name: "s",
          tools: toolsListed(
            "s",
            names.map((name) => ({ name })),
          ),
        },
        () => {},
      ),
    ).values(),
  ];
}

describe("operationIds", () => {
  it("joins server and tool", () => {
    expect(idsOf("read_file", "x-y")).toEqual(["s-read_file", "s-x-y"]);
  });

  it("writes _ for what model APIs refuse", () => {
    expect(idsOf("a.b/c d:é")).toEqual(["s-a_b_c_d__"]);
  });

  it("keeps 64 characters and cuts 65 to 57, _ and six of a digest", () => {
    expect(idsOf("x".repeat(62))).toEqual([`s-${"x".repeat(62)}`]);
    const [id] = idsOf("x".repeat(63));
    expect(id).toMatch(/^s-x{55}_[0-9a-f]{6}$/);
  });

  it("tells long names apart that begin alike", () => {
    expect(new Set(idsOf(`${"x".repeat(100)}1`, `${"x".repeat(100)}2`)).size).toBe(2);
  });

  it("gives every tool of a collision a digest, whatever the order and the case", () => {
    const forwards = idsOf("a.b", "a_b", "A_B", "other");
    expect(forwards.map((id) => id.replace(/[0-9a-f]{6}$/, "#"))).toEqual(["s-A_B_#", "s-a_b_#", "s-a_b_#", "s-other"]);
    expect(new Set(forwards.map((id) => id.toLowerCase())).size).toBe(4);
    expect(new Set(idsOf("other", "A_B", "a_b", "a.b"))).toEqual(new Set(forwards));
  });

  it("tells servers apart whose names run into those of tools", () => {
    const tools = [...toolsListed("a", [{ name: "b-c" }]), ...toolsListed("a-b", [{ name: "c" }])];
    expect(new Set(operationIds(tools).values()).size).toBe(2);
  });

  it("is only made of what GPT Actions takes", () => {
    for (const id of idsOf("../x", "__proto__", "ünïcödé", "a{b}", "x".repeat(200), "\ud800", "\n")) {
      expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    }
  });
});

describe("matchesGlob", () => {
  it.each([
    ["*", "anything", true],
    ["", "", true],
    ["", "a", false],
    ["a", "a", true],
    ["a", "ab", false],
    ["a*", "abc", true],
    ["*c", "abc", true],
    ["a*c", "ac", true],
    ["a*a", "a", false],
    ["ab*ba", "aba", false],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["*b*", "abc", true],
    ["**", "", true],
    ["a.c", "abc", false],
    ["[a-c]", "b", false],
    ["git:*", "git:log", true],
  ])("%j on %j is %s", (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it("comes to an end where a backtracking matcher would not", () => {
    expect(inTime(() => matchesGlob(`${"a*".repeat(50)}b`, "a".repeat(5_000)))).toBe(false);
  });
});

describe("toolsOf", () => {
  it("gives a bounded number of tools", () => {
    const warnings: string[] = [];
    const listed = Array.from({ length: 3_000 }, (_, i) => ({ name: `t${i}` }));
    const tools = toolsListed("s", listed);
    expect(toolsOf({ name: "s", tools }, (warning) => warnings.push(warning)).length).toBe(2_000);
    expect(warnings).toEqual(["only the first 2000 tools are described"]);
  });
});
