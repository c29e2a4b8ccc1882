import { describe, expect, it } from "vitest";
import { ServerHealth } from "../../src/observability/server-health.ts";
import type { ServerFacts } from "../../src/observability/server-report.ts";
import { serverReports } from "../../src/observability/server-reports.ts";
import { Tallies } from "../../src/observability/tallies.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../src/protocol/events.ts";
import { ended } from "../helpers/exchange-events.ts";

const SESSION = { server: "git", sessionId: "s" };
const facts: ServerFacts = { name: "git", kind: "stdio", required: false, circuit: "closed", era: undefined, tools: 3 };
const ready: GatewayEvent = { type: "server.ready", pid: 7, ms: 20, ...SESSION };
const connected: GatewayEvent = { type: "server.connected", ...SESSION };
const failed = (wasReady: boolean): GatewayEvent => ({
  type: "server.failed",
  error: new GatewayError("process_exited", "It ended.", { log: { stderr: "last words" } }),
  wasReady,
  ...SESSION,
});
const turnedAway: GatewayEvent = {
  type: "server.failed",
  error: new GatewayError("upstream_unauthorized", "It wants other credentials."),
  ...SESSION,
};
const exited = (asked: boolean): GatewayEvent => ({
  type: "server.exited",
  pid: 7,
  code: 1,
  signal: null,
  asked,
  ...SESSION,
});

function reportAfter(...events: readonly GatewayEvent[]) {
  const health = new ServerHealth();
  for (const event of events) health.hear(event);
  const [report] = serverReports({ facts: [facts], sessions: [], processes: [], health, tallies: undefined });
  if (report === undefined) throw new Error("there is no report");
  return report;
}

describe("the health of a server", () => {
  it.each([
    ["unknown, and taken for up, before anything was tried", [], "unknown", true],
    ["up once it has started", [ready], "up", true],
    ["failing when it did not start", [failed(false)], "failing", false],
    ["failing when it did not start any more", [ready, failed(false)], "failing", false],
    ["up again after a start", [failed(false), ready], "up", true],
    ["up when one of its processes crashed after its start", [ready, failed(true)], "up", true],
    ["up once it could be connected to", [connected], "up", true],
    ["up when it turned one caller away after another was let in", [ready, turnedAway], "up", true],
    ["failing when it let nobody in", [turnedAway], "failing", false],
    [
      "failing when it did not answer in time to its start",
      [ready, ended({ outcome: "start_timeout" })],
      "failing",
      false,
    ],
  ])("is %s", (_what, events, state, isUp) => {
    expect(reportAfter(...events)).toMatchObject({ state, isUp });
  });

  it("is paused while its circuit is open", () => {
    const parts = { sessions: [], processes: [], health: new ServerHealth(), tallies: undefined };
    expect(serverReports({ ...parts, facts: [{ ...facts, circuit: "open" }] })[0]).toMatchObject({
      state: "paused",
      isUp: false,
    });
  });

  it("has the last words of the failed process", () => {
    expect(reportAfter(failed(true)).lastFailure).toMatchObject({
      reason: "process_exited",
      message: "It ended.",
      stderr: "last words",
    });
  });

  it("tells why a process was ended, or that it ended on its own", () => {
    const closed: GatewayEvent = { type: "session.closed", transport: "sse", reason: "idle", requests: 1, ...SESSION };
    expect(reportAfter(closed, exited(true)).lastExit).toMatchObject({ code: 1, signal: null, reason: "idle" });
    expect(reportAfter(exited(true)).lastExit?.reason).toBe("not needed any more");
    expect(reportAfter(exited(false)).lastExit?.reason).toBe("on its own");
  });

  it("sums up calls and counts processes and sessions", () => {
    const tallies = new Tallies();
    for (const outcome of ["result", "error", "cancelled"] as const) tallies.add(ended({ outcome, ms: 500 }));
    tallies.add(ended({ method: "ping", tool: undefined }));
    tallies.add(ended({ server: "other" }));
    const [report] = serverReports({
      facts: [facts],
      sessions: [{ server: "git", transport: "sse", era: "legacy", hasProcess: true }],
      processes: [{ pid: 7, state: "used", ...SESSION }],
      health: new ServerHealth(),
      tallies: tallies.all,
    });
    expect(report).toMatchObject({
      calls: { ended: 3, errors: 1, seconds: 1.5 },
      sessions: 1,
      processes: { used: 1, warm: 0, starting: 0, ending: 0 },
    });
  });
});

it("keeps the last lines that a server wrote to stderr, however much it writes", () => {
  const health = new ServerHealth();
  for (let line = 1; line <= 1_000; line++)
    health.hear({ type: "server.stderr", text: `${line} ${"x".repeat(2_000)}`, dropped: 0, ...SESSION });
  expect(
    health
      .lastWords("git")
      ?.split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(["996", "997", "998", "999", "1000"]);
  expect(health.lastWords("git")?.length).toBeLessThan(2_000);
  expect(health.lastWords("files")).toBeUndefined();
});
