import { describe, expect, it } from "vitest";
import { Tallies } from "../../src/observability/tallies.ts";
import { piecesOf } from "../helpers/pieces.ts";
import { ended, toolList } from "../helpers/exchange-events.ts";

describe("tallies", () => {
  it("count calls by server, tool, transport and outcome, with how long they took", () => {
    const tallies = new Tallies();
    tallies.listed("git", toolList("log"));
    for (const ms of [0.5, 3, 70_000]) tallies.add(ended({ tool: "log", ms }));
    tallies.add(ended({ tool: "log", outcome: "tool_error" }));
    tallies.add(ended({ tool: "log", transport: "rest" }));
    expect(tallies.all.map(({ transport, outcome, count }) => [transport, outcome, count])).toEqual([
      ["sse", "result", 3],
      ["sse", "tool_error", 1],
      ["rest", "result", 1],
    ]);
    const [first] = tallies.all;
    expect(first?.seconds).toBeCloseTo(70.0035);
    // Two of the three are within a minute; each is in the bucket of the first bound that it keeps.
    expect(first?.durations.slice(0, 3)).toEqual([1, 0, 1]);
    expect(first?.durations.reduce((sum, count) => sum + count)).toBe(2);
  });

  it("know 200 of 10,000 listed tools by name, of each server", () => {
    const tallies = new Tallies();
    const names = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
    for (let at = 0; at < 10_000; at += 1_000) tallies.listed("git", toolList(...names.slice(at, at + 1_000)));
    for (const tool of names) tallies.add(ended({ tool }));
    expect(tallies.all).toHaveLength(201);
    expect(tallies.all.find(({ tool }) => tool === "other")?.count).toBe(9_800);
  });

  it("do not take a name from a call when the server's list does not have it", () => {
    const tallies = new Tallies();
    tallies.listed("git", toolList("log"));
    for (let n = 0; n < 10_000; n++) tallies.add(ended({ tool: `made up ${n}` }));
    expect(tallies.all.map(({ tool, count }) => [tool, count])).toEqual([["other", 10_000]]);
  });

  it("take the names of successful calls when no list was seen, and only so many", () => {
    const tallies = new Tallies();
    tallies.add(ended({ tool: "log", outcome: "error" }));
    tallies.add(ended({ tool: "log", outcome: "tool_error" }));
    for (let n = 0; n < 10_000; n++) tallies.add(ended({ tool: `t${n}` }));
    tallies.add(ended({ tool: "x".repeat(129) }));
    tallies.add(ended({ tool: undefined }));
    expect(new Set(tallies.all.map(({ tool }) => tool)).size).toBe(201);
  });

  it.each([
    ["something that is no JSON", "{"],
    ["a result without tools", JSON.stringify({ result: {} })],
    ["tools that are no list", JSON.stringify({ result: { tools: { name: "a" } } })],
    ["tools without names", JSON.stringify({ result: { tools: [null, 1, { name: 7 }, { name: "" }] } })],
    ["a list that is too long to read", piecesOf(toolList("log").padEnd(300_000))],
  ])("learn nothing from %s", (_what, line) => {
    const tallies = new Tallies();
    tallies.listed("git", line);
    tallies.add(ended({ tool: "log", outcome: "error" }));
    expect(tallies.all.map(({ tool }) => tool)).toEqual(["other"]);
  });

  it("keep methods apart from tools of the same name, and bound them", () => {
    const tallies = new Tallies();
    tallies.listed("git", toolList("ping"));
    tallies.add(ended({ tool: "ping" }));
    tallies.add(ended({ method: "ping", tool: undefined }));
    expect(tallies.all.map(({ method, tool }) => [method, tool])).toEqual([
      ["tools/call", "ping"],
      ["ping", ""],
    ]);
    for (let n = 0; n < 1_000; n++) tallies.add(ended({ method: `m${n}`, tool: undefined }));
    expect(tallies.all.length).toBeLessThanOrEqual(202);
  });
});
