import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Collector } from "../../../src/observability/metrics/collector.ts";
import { Metrics } from "../../../src/observability/metrics/metrics.ts";
import type { Sources } from "../../../src/observability/sources.ts";
import { Tallies } from "../../../src/observability/tallies.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import type { GatewayEvent } from "../../../src/protocol/events.ts";
import { ended, toolList } from "../../helpers/exchange-events.ts";

const SESSION = { server: "git", sessionId: "s" };

const sourcesOf = (change: Partial<Sources> = {}): Sources => ({
  version: "1.2.3",
  sessions: () => [],
  processes: () => [],
  usage: async () => ({ bytes: new Map(), cpuSeconds: new Map() }),
  servers: () => [],
  tallies: () => [],
  ...change,
});

async function linesOf(change: Partial<Sources>, events: readonly GatewayEvent[] = []): Promise<string[]> {
  const collector = new Collector(sourcesOf(change));
  for (const event of events) collector.hear(event);
  return (await collector.read()).text.split("\n").filter((line) => line.startsWith("mcp_gateway_"));
}

const refused = (error: GatewayError): GatewayEvent => ({
  type: "refused",
  requestId: "r",
  method: "POST",
  path: "/git",
  error,
});

describe("the exposition", () => {
  it("has the calls of a tool under the three names, with tool and proxy, and in a histogram", async () => {
    const tallies = new Tallies();
    tallies.listed("git", toolList("log"));
    for (const outcome of ["result", "result", "tool_error", "error", "call_timeout", "cancelled"] as const)
      tallies.add(ended({ outcome, ms: 2 }));
    const lines = await linesOf({ tallies: () => tallies.all });
    expect(lines).toContain('mcp_gateway_tools_called{tool="log",proxy="git"} 6');
    expect(lines).toContain('mcp_gateway_tools_call_success{tool="log",proxy="git"} 2');
    expect(lines).toContain('mcp_gateway_tools_call_errors{tool="log",proxy="git"} 3');
    const labels = 'server="git",tool="log",transport="sse",outcome="result"';
    expect(lines).toContain(`mcp_gateway_tool_duration_seconds_count{${labels}} 2`);
    expect(lines).toContain(`mcp_gateway_tool_duration_seconds_sum{${labels}} 0.004`);
    expect(lines).toContain(`mcp_gateway_tool_duration_seconds_bucket{le="0.001",${labels}} 0`);
    expect(lines).toContain(`mcp_gateway_tool_duration_seconds_bucket{le="+Inf",${labels}} 2`);
  });

  it("has requests by method, and those for a list of tools under its own name", async () => {
    const tallies = new Tallies();
    tallies.add(ended({ method: "tools/list", tool: undefined, transport: "rest" }));
    tallies.add(ended({ method: "prompts/list", tool: undefined, outcome: "queue_full" }));
    const lines = await linesOf({ tallies: () => tallies.all });
    expect(lines).toContain('mcp_gateway_list_tools{proxy="git"} 1');
    expect(lines).toContain(
      'mcp_gateway_requests_total{server="git",method="tools/list",transport="rest",outcome="result"} 1',
    );
    expect(lines).toContain('mcp_gateway_limits_met_total{limit="queue_full"} 1');
  });

  it("reads sessions, processes and servers when it is asked for", async () => {
    const lines = await linesOf({
      sessions: () => [
        { server: "git", transport: "sse", era: "legacy", hasProcess: true },
        { server: "git", transport: "sse", era: "legacy", hasProcess: false },
      ],
      processes: () => [
        { pid: 7, state: "used", ...SESSION },
        { pid: 8, state: "used", ...SESSION },
        { pid: 9, state: "warm", ...SESSION },
      ],
      usage: async () => ({
        bytes: new Map([
          [7, 100],
          [8, 50],
        ]),
        cpuSeconds: new Map([["git", 1.5]]),
      }),
    });
    for (const line of [
      'mcp_gateway_sessions{server="git",transport="sse",era="legacy",state="active"} 1',
      'mcp_gateway_sessions{server="git",transport="sse",era="legacy",state="hibernating"} 1',
      'mcp_gateway_processes{server="git",state="used"} 2',
      'mcp_gateway_processes{server="git",state="warm"} 1',
      'mcp_gateway_process_rss_bytes{server="git",state="used"} 150',
      'mcp_gateway_process_cpu_seconds_total{server="git"} 1.5',
      `mcp_gateway_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ])
      expect(lines).toContain(line);
    // Nothing is known of the third one: no value is better than 0.
    expect(lines.filter((line) => line.includes("rss_bytes"))).toHaveLength(1);
  });

  it.each<[GatewayEvent, string]>([
    [
      { type: "server.started", pid: 7, command: "git", isWarm: true, requestId: undefined, ...SESSION },
      'process_starts_total{server="git",warm="true"} 1',
    ],
    [{ type: "server.ready", pid: 7, ms: 20, ...SESSION }, 'process_start_seconds_bucket{le="0.05",server="git"} 1'],
    [
      { type: "server.exited", pid: 7, code: 0, signal: null, asked: true, ...SESSION },
      'process_exits_total{server="git",cause="asked"} 1',
    ],
    [
      { type: "server.exited", pid: 7, code: 0, signal: null, asked: false, ...SESSION },
      'process_exits_total{server="git",cause="done"} 1',
    ],
    [
      { type: "server.exited", pid: 7, code: 3, signal: null, asked: false, ...SESSION },
      'process_exits_total{server="git",cause="error"} 1',
    ],
    [
      { type: "server.exited", pid: 7, code: null, signal: "SIGKILL", asked: false, ...SESSION },
      'process_exits_total{server="git",cause="signal"} 1',
    ],
    [
      { type: "server.failed", error: new GatewayError("spawn_failed", "m"), ...SESSION },
      'server_failures_total{server="git",reason="spawn_failed"} 1',
    ],
    [
      { type: "session.opened", transport: "rest", principal: "p", requestId: "r", ...SESSION },
      'sessions_opened_total{server="git",transport="rest"} 1',
    ],
    [{ type: "session.woken", ...SESSION }, 'session_wakes_total{server="git"} 1'],
    [{ type: "session.hibernated", reason: "evicted", ...SESSION }, 'session_evictions_total{server="git"} 1'],
    [
      { type: "session.closed", transport: "sse", reason: "idle", requests: 3, ...SESSION },
      'session_ends_total{server="git",end="closed",reason="idle"} 1',
    ],
    [
      { type: "session.refused", requestId: "r", error: new GatewayError("rate_limited", "m"), ...SESSION },
      'limits_met_total{limit="rate_limited"} 1',
    ],
    [{ type: "store.lost", reason: "gone" }, "store_down 1"],
    [{ type: "store.lost", reason: "gone" }, "store_losses_total 1"],
    [{ type: "store.back" }, "store_down 0"],
    [{ type: "audit.failed", cause: undefined }, "audit_failing 1"],
    [{ type: "audit.back" }, "audit_failing 0"],
    [{ type: "audit.dropped", lines: 3 }, "audit_dropped_lines_total 3"],
    [
      { type: "origin.paused", origin: "https://a.example", error: new GatewayError("upstream_unreachable", "m") },
      'origin_paused{origin="https://a.example"} 1',
    ],
    [{ type: "origin.resumed", origin: "https://a.example" }, 'origin_paused{origin="https://a.example"} 0'],
    [refused(new GatewayError("server_not_found", "m")), 'refusals_total{reason="server_not_found",status="404"} 1'],
    [refused(new GatewayError("unauthorized", "m", { isLoginFailure: true })), "login_failures_total 1"],
    [refused(new GatewayError("unauthorized", "m")), "login_failures_total 0"],
    [refused(new GatewayError("too_many_sessions", "m")), 'limits_met_total{limit="too_many_sessions"} 1'],
  ])("counts %o", async (event, line) => {
    expect(await linesOf({}, [event])).toContain(`mcp_gateway_${line}`);
  });

  it("is one line per value whatever a tool is called, and promtool reads it", async () => {
    const names = ['<script>alert("x")</script>', "two\nlines", 'a"b\\c', "ünï\u001b[31m", "{}=,", "__proto__"];
    const tallies = new Tallies();
    tallies.listed("git", toolList(...names));
    for (const tool of names) tallies.add(ended({ tool }));
    const { text, contentType } = await new Collector(sourcesOf({ tallies: () => tallies.all })).read();
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text.match(/^mcp_gateway_tools_called\{/gm)).toHaveLength(names.length);
    expect(text).toContain('tool="two\\nlines"');
    expect(text).toContain('tool="a\\"b\\\\c"');
    expect(complaintsOf(text)).toEqual(KNOWN_COMPLAINTS);
  });

  it("is the same for scrapes at the same time, and reads the system once for them", async () => {
    let readings = 0;
    const usage: Sources["usage"] = async () => {
      readings++;
      return { bytes: new Map(), cpuSeconds: new Map() };
    };
    const collector = new Collector(sourcesOf({ usage }));
    await Promise.all(Array.from({ length: 20 }, () => collector.read()));
    // Memory and CPU.
    expect(readings).toBe(2);
  });
});

describe("metrics", () => {
  it("do not lose the events before their library is loaded", async () => {
    const metrics = new Metrics(sourcesOf());
    metrics.hear({ type: "session.woken", ...SESSION });
    expect((await metrics.read()).text).toContain('mcp_gateway_session_wakes_total{server="git"} 1');
  });
});

/** The names that were given by others: three as they are expected elsewhere, and the library's own. */
const KNOWN_COMPLAINTS = [
  'mcp_gateway_tools_call_success counter metrics should have "_total" suffix',
  'mcp_gateway_tools_called counter metrics should have "_total" suffix',
  'nodejs_active_handles_total non-counter metrics should not have "_total" suffix',
  'nodejs_active_requests_total non-counter metrics should not have "_total" suffix',
  'nodejs_active_resources_total non-counter metrics should not have "_total" suffix',
];

/** What promtool (Debian: prometheus) says about a text: its exit code is 3 for questions of style, 1 for an invalid text. */
function complaintsOf(text: string): string[] {
  const { stderr, status } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  if (status !== 0 && status !== 3) throw new Error(`promtool ended with ${status}: ${stderr}`);
  return stderr.trim().split("\n").toSorted();
}
