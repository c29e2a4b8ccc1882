import { describe, expect, it } from "vitest";
import { History } from "../../../src/observability/history/history.ts";
import { percentile } from "../../../src/observability/history/percentile.ts";
import { Tallies } from "../../../src/observability/tallies.ts";

describe("a percentile of counted durations", () => {
  const at = (bound: number, count: number): number[] =>
    Array.from({ length: 16 }, (_, index) => (index === bound ? count : 0));

  it.each([
    ["nothing was called", [], 0.5, undefined],
    ["all took at most a millisecond", at(0, 10), 0.5, 0.5],
    ["all took between 50 and 100 ms", at(6, 4), 0.5, 75],
    ["the slowest of them", at(6, 4), 1, 100],
    ["all took longer than the last bound", at(15, 3), 0.95, 60_000],
  ])("%s", (_what, counts, part, expected) => {
    const found = percentile(counts, part);
    expect(found === undefined ? undefined : Math.round(found * 10) / 10).toEqual(expected);
  });

  it("is found between two groups", () => {
    const counts = at(2, 90);
    counts[8] = 10;
    expect(percentile(counts, 0.5)).toBeLessThan(5);
    expect(percentile(counts, 0.95)).toBe(375);
  });
});

describe("the history", () => {
  const tallies = new Tallies();
  const call = (server: string, ms: number): void =>
    tallies.add({
      type: "exchange",
      server,
      sessionId: "s",
      transport: "sse",
      principal: "p",
      requestId: "r",
      method: "tools/call",
      tool: "t",
      outcome: "result",
      ms,
    });
  const history = new History({
    servers: () => ["git", "n8n"],
    tallies: () => tallies.all,
    processes: () => [
      { pid: 1, server: "git" },
      { pid: 2, server: "git" },
    ],
    usage: () =>
      Promise.resolve({
        bytes: new Map([
          [1, 1_000],
          [2, 500],
        ]),
        cpuSeconds: new Map(),
      }),
    emit: () => undefined,
  });

  it("has a point per server, of what happened since the one before", async () => {
    for (let at = 0; at < 100; at++) call("git", 70);
    await history.sample();
    await history.sample();
    const [first, second] = history.points(() => true);
    expect(first?.servers["git"]).toMatchObject({ p50: 75, processes: 2, residentBytes: 1_500 });
    expect(first?.servers["git"]?.callsPerSecond).toBeGreaterThan(0);
    expect(second?.servers["git"]).toMatchObject({ callsPerSecond: 0, p50: undefined, p95: undefined });
    expect(first?.servers["n8n"]).toMatchObject({ callsPerSecond: 0, processes: 0, residentBytes: 0 });
  });

  it("shows nothing of a server that one may not see", () => {
    expect(Object.keys(history.latest((server) => server === "n8n")?.servers ?? {})).toEqual(["n8n"]);
  });

  it("is as long as an hour", async () => {
    let told = 0;
    const stop = history.listen(() => told++);
    for (let at = 0; at < 400; at++) await history.sample();
    stop();
    await history.sample();
    expect(history.points(() => true)).toHaveLength(360);
    expect(told).toBe(400);
  });
});
