import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createServer } from "node:http";
import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fixture, memoryOf, ROOT, startGateway } from "../helpers/gateway.ts";
import { ask } from "../helpers/http.ts";
import { startPrometheus } from "../helpers/prometheus.ts";
import { newId, RestClient } from "../helpers/rest-client.ts";
import { openSession } from "../helpers/sse-client.ts";
import { StreamableClient } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

const DEPLOY = join(ROOT, "deploy");
const PASSWORD = "a-password-of-a-scraper";
const basic = (password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`prometheus:${password}`).toString("base64")}`,
});

/** The lines of an exposition that have a value. */
async function scrape(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const { status, body } = await ask(`${url}/metrics`, { headers });
  expect(status).toBe(200);
  return body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

const times = (count: number, run: (index: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

describe("a real Prometheus that scrapes a gateway under load", () => {
  it("counts what the clients have counted", { timeout: 90_000 }, async () => {
    await using gateway = await startGateway({
      metrics: { auth: { basic: { credentials: [{ username: "prometheus", password: PASSWORD }] } } },
      servers: {
        echo: fixture("echo", { warm: 1 }),
        checked: fixture("checked-arguments"),
        gone: { command: "nosuch" },
      },
    });
    await using prometheus = await startPrometheus(gateway.port, {
      basic_auth: { username: "prometheus", password: PASSWORD },
    });
    await using streamable = await StreamableClient.open(`${gateway.url}/echo`);
    await using sse = await openSession(`${gateway.url}/echo`);
    const rest = new RestClient(gateway.url);
    const sessionId = newId();
    await (await streamable.request("tools/list")).over();
    for (let round = 0; round < 4; round++) {
      await times(50, (n) => streamable.call("echo", { message: `${n}` }));
      await times(25, () => sse.call("add", { a: 1, b: 2 }));
      await times(10, () => rest.call("echo/echo", { message: "rest" }, { sessionId }));
      // The fixture answers an error of JSON-RPC: there is no such tool.
      await times(5, (n) => streamable.call(`<made up ${round} ${n}>`));
    }
    expect((await rest.call("gone/anything", {}, { sessionId: newId() })).status).toBe(502);

    const reaches = (expression: string, value: number): Promise<unknown> =>
      until(async () => (await prometheus.sum(expression)) === value, {
        deadlineMs: 15_000,
        what: `${expression} is ${value}`,
      });
    await reaches("mcp_gateway_tools_called", 360);
    await reaches('mcp_gateway_tools_called{proxy="echo",tool="echo"}', 240);
    await reaches('mcp_gateway_tools_called{proxy="echo",tool="other"}', 20);
    await reaches("mcp_gateway_tools_call_success", 340);
    await reaches('mcp_gateway_tools_call_errors{tool="other"}', 20);
    // The client's own, and that of the catalog for REST.
    await reaches('mcp_gateway_list_tools{proxy="echo"}', 2);
    await reaches('mcp_gateway_tool_duration_seconds_count{transport="streamable-http",outcome="result"}', 200);
    await reaches('mcp_gateway_tool_duration_seconds_count{transport="sse",tool="add"}', 100);
    await reaches('mcp_gateway_tool_duration_seconds_bucket{transport="rest",le="+Inf"}', 40);
    await reaches('mcp_gateway_sessions{server="echo",state="active"}', 3);
    const own = gateway.children("echo").length;
    expect(own).toBe(4);
    await reaches('mcp_gateway_processes{server="echo"}', own);
    await reaches('mcp_gateway_processes{server="echo",state="warm"}', 1);
    await reaches('mcp_gateway_server_up{server="gone"}', 0);
    await reaches('mcp_gateway_server_up{server="echo"}', 1);
    const bytes = gateway.children("echo").reduce((sum, pid) => sum + memoryOf(pid).rssMiB * 1_024 * 1_024, 0);
    const rss = await prometheus.sum('mcp_gateway_process_rss_bytes{server="echo"}');
    expect(rss / bytes).toBeGreaterThan(0.8);
    expect(rss / bytes).toBeLessThan(1.2);
    expect(await prometheus.sum('mcp_gateway_process_cpu_seconds_total{server="echo"}')).toBeGreaterThan(0.05);
    const [buckets] = await prometheus.query(
      'histogram_quantile(0.5, sum by (le) (mcp_gateway_tool_duration_seconds_bucket{tool="echo"}))',
    );
    expect(buckets?.value).toBeGreaterThan(0);

    // Every name in the rules and on the dashboard is one of a real scrape.
    const text = (await ask(`${gateway.url}/metrics`, { headers: basic(PASSWORD) })).body;
    const served = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const used = [
      ...expressions()
        .join("\n")
        .matchAll(/\b(?:mcp_gateway|nodejs|process)_[a-z0-9_]+/g),
    ].map(([name]) => name);
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((name) => !served.has(name) && !served.has(name.replace(/_(?:bucket|count|sum)$/, "")))).toEqual(
      [],
    );
  });
});

/** Every PromQL expression of the dashboard, and the text of the rules. */
function expressions(): string[] {
  const dashboard = JSON.parse(readFileSync(join(DEPLOY, "grafana/dashboard.json"), "utf8")) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...shown, readFileSync(join(DEPLOY, "prometheus/alerts.yml"), "utf8")];
}

describe("the files in deploy/", () => {
  const promtool = (...args: string[]): string =>
    execFileSync("promtool", args, { cwd: join(DEPLOY, "prometheus"), encoding: "utf8" });

  it("are valid alert rules, whose tests pass, and a valid config of Prometheus", () => {
    expect(promtool("check", "rules", "alerts.yml")).toContain("SUCCESS");
    expect(promtool("test", "rules", "alerts-test.yml")).toContain("SUCCESS");
    expect(promtool("check", "config", "prometheus.yml")).toContain("SUCCESS");
  });

  it("have a dashboard of valid expressions", () => {
    const shown = expressions().slice(0, -1);
    expect(shown.length).toBeGreaterThan(30);
    const rules = shown.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$(?:server|instance|job)/g, ".*"),
    }));
    const folder = mkdtempSync(join(tmpdir(), "dashboard-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "rules.yml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool("check", "rules", file)).toContain(`${rules.length} rules`);
  });
});

describe("who may read /metrics", () => {
  const servers = { echo: fixture("echo") };

  it("is anyone on a gateway on loopback, like who may call", async () => {
    await using gateway = await startGateway({ servers });
    expect(await scrape(gateway.url)).toContain('mcp_gateway_server_up{server="echo"} 1');
    expect((await ask(`${gateway.url}/metrics`, { method: "POST" })).status).toBe(405);
    expect((await ask(`${gateway.url}/metrics`, { method: "HEAD" })).body).toBe("");
    expect((await ask(`${gateway.url}/metrics`, { headers: { host: "evil.example" } })).status).toBe(403);
  });

  it("is nobody when they are off, and on a public address unless the config decides", async () => {
    await using off = await startGateway({ servers, metrics: { enabled: false } });
    expect((await ask(`${off.url}/metrics`)).status).toBe(404);
    await using open = await startGateway({ servers, hostname: "0.0.0.0" });
    expect((await ask(`http://127.0.0.1:${open.port}/metrics`)).status).toBe(404);
    await using on = await startGateway({ servers, hostname: "0.0.0.0", metrics: { enabled: true } });
    expect((await ask(`http://127.0.0.1:${on.port}/metrics`)).status).toBe(200);
    expect(on.log()).toContain("metrics are served on this address without credentials");
  });

  it("is a caller of the gateway, or with metrics.auth a scraper and no caller", async () => {
    const auth = { bearer: { tokens: ["a-token-of-a-caller"] } };
    const caller = { authorization: "Bearer a-token-of-a-caller" };
    await using shared = await startGateway({ servers, auth });
    expect((await ask(`${shared.url}/metrics`)).status).toBe(401);
    expect((await ask(`${shared.url}/metrics`, { headers: basic("wrong") })).status).toBe(401);
    expect(await scrape(shared.url, caller)).toContain("mcp_gateway_login_failures_total 1");

    const own = { auth: { basic: { credentials: [{ username: "prometheus", password: PASSWORD }] } } };
    await using separate = await startGateway({ servers, auth, metrics: own });
    expect((await ask(`${separate.url}/metrics`, { headers: caller })).status).toBe(401);
    await scrape(separate.url, basic(PASSWORD));
    expect((await ask(`${separate.url}/health/servers`, { headers: basic(PASSWORD) })).status).toBe(401);
    expect(separate.log()).not.toContain(PASSWORD);
  });

  it("is who reaches metrics.port, where nothing else is served", async () => {
    const auth = { bearer: { tokens: ["a-token-of-a-caller"] } };
    await using gateway = await startGateway({ servers, auth, metrics: { port: 0 } });
    const port = /Metrics are served on 127\.0\.0\.1:(\d+)/.exec(gateway.log())?.[1];
    const base = `http://127.0.0.1:${port}`;
    await scrape(base);
    expect((await ask(`${base}/ready`)).status).toBe(200);
    expect((await ask(`${base}/echo`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await ask(`${base}/health/servers`)).status).toBe(404);
    expect(
      (await ask(`${gateway.url}/metrics`, { headers: { authorization: "Bearer a-token-of-a-caller" } })).status,
    ).toBe(404);
  });

  it("is told at once when metrics.port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(startGateway({ servers, metrics: { port } })).rejects.toThrow(/metrics\.port: .*EADDRINUSE/);
  });
});

describe("a scraper that asks and never reads", () => {
  it(
    "gets no more than a few expositions into memory, and is cut off; others are served",
    { timeout: 60_000 },
    async () => {
      await using gateway = await startGateway({
        servers: { tools: fixture("many-tools", { env: { COUNT: "300" } }) },
      });
      await using client = await StreamableClient.open(`${gateway.url}/tools`);
      await (await client.request("tools/list")).over();
      const sockets = Array.from({ length: 40 }, () => {
        const socket = connect(gateway.port, "127.0.0.1").on("error", () => undefined);
        socket.pause();
        socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(30));
        return socket;
      });
      onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
      expect(await client.call("tool-1")).toBe("tool-1");
      await until(async () => (await ask(`${gateway.url}/metrics`)).status === 200, {
        deadlineMs: 30_000,
        what: "somebody else can scrape",
      });
      expect(memoryOf(gateway.pid).rssMiB).toBeLessThan(400);
    },
  );
});

describe("10,000 names", () => {
  it("of tools that a client makes up are one series", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
    await using client = await StreamableClient.open(`${gateway.url}/echo`);
    await (await client.request("tools/list")).over();
    for (let at = 0; at < 10_000; at += 100) {
      const batch = Array.from({ length: 100 }, (_, n) => `<b>"${at + n}"\n</b>`);
      await Promise.all(batch.map((name) => client.call(name)));
    }
    const lines = (await scrape(gateway.url)).filter((line) => line.startsWith("mcp_gateway_tools_called"));
    expect(lines).toEqual(['mcp_gateway_tools_called{tool="other",proxy="echo"} 10000']);
  });
});
