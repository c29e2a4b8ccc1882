import { fileURLToPath } from "node:url";
import {
  alternate,
  closeSessions,
  measure,
  newSession,
  OWN_PROCESSES,
  type Bench,
  type Setup,
  type Slice,
} from "../bench.ts";
import { ECHO, type LoadSession } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure, type Pair } from "../figures.ts";
import { TOKEN } from "../gateway-config.ts";
import { cpuUs } from "../proc.ts";
import { startGateway, type Target } from "../targets.ts";

const SERVERS = 40;
const TOOLS = 25;
const LISTS = 40;

/** An endpoint in front of several servers, beside one server's own URL: the CPU time of a call, and of a list of tools. */
export async function aggregate(setup: Setup): Promise<Figure[]> {
  if (!setup.options.wants("aggregate")) return [];
  return [await aggregateCalls(setup), await aggregateLists(setup)];
}

async function aggregateCalls(setup: Setup): Promise<Figure> {
  const { options, echo } = setup;
  const groups = { everything: { servers: ["echo"] } };
  const several = await startGateway({ main: options.main, echo, more: { groups } });
  const one = await startGateway({ main: options.main, echo });
  try {
    const bench: Bench = { ...setup, gateway: several, ideal: one };
    const sessions = {
      gateway: newSession("streamable", several, "everything"),
      ideal: newSession("streamable", one),
    };
    const calls = { gateway: { ...ECHO, tool: "echo__echo" }, ideal: ECHO };
    const run = (side: keyof Pair<Slice>, ms: number): Promise<Slice> =>
      measure(bench, bench[side], { sessions: [sessions[side]], inFlight: 16, call: calls[side], ms });
    for (const side of ["gateway", "ideal"] as const) {
      await sessions[side].open();
      await run(side, options.compileMs);
    }
    const pairs = await alternate(options.rounds, (side) => run(side, options.sliceMs));
    await close([sessions.gateway], several);
    await close([sessions.ideal], one);
    const cpu = compare(pairs, (slice) => slice.cpuUs / slice.calls);
    const name = "CPU per call, in front of several servers (beside it: at its own URL)";
    return { point: "aggregate", name, unit: "µs", ...cpu, goal: ratioAtMost(1.25) };
  } finally {
    await several.stop();
    await one.stop();
  }
}

const close = (sessions: readonly LoadSession[], target: Target): Promise<void> =>
  closeSessions(sessions, target, OWN_PROCESSES.gateway);

const manyTools = fileURLToPath(new URL("../../test/fixtures/servers/many-tools.mjs", import.meta.url));
const withTools = (count: number): object => ({
  command: process.execPath,
  args: [manyTools],
  env: { COUNT: `${count}` },
});

/** 40 servers of 25 tools, beside one of 1,000. */
async function aggregateLists({ options, echo }: Setup): Promise<Figure> {
  const names = Array.from({ length: SERVERS }, (_none, at) => `s${at}`);
  const groups = { everything: { servers: names } };
  const servers = Object.fromEntries(names.map((name) => [name, withTools(TOOLS)]));
  const several = await startGateway({ main: options.main, echo, servers, more: { groups } });
  const one = await startGateway({ main: options.main, echo, servers: { large: withTools(SERVERS * TOOLS) } });
  try {
    const lists = { gateway: await listing(several, "everything"), ideal: await listing(one, "large") };
    const targets = { gateway: several, ideal: one };
    const run = async (side: keyof Pair<number>): Promise<number> => {
      const before = cpuUs(targets[side].pid);
      for (let left = LISTS; left > 0; left--) await lists[side]();
      return (cpuUs(targets[side].pid) - before) / LISTS;
    };
    for (const side of ["gateway", "ideal"] as const) for (let left = 4; left > 0; left--) await run(side);
    const cpu = compare(await alternate(options.rounds, run), (us) => us);
    const name = "CPU per list of 1,000 tools, of 40 servers (beside it: of one)";
    return { point: "aggregate", name, unit: "µs", ...cpu, goal: ratioAtMost(2) };
  } finally {
    await several.stop();
    await one.stop();
  }
}

/** A session that lists the tools, once all of them are there. */
async function listing({ port }: Target, server: string): Promise<() => Promise<string>> {
  const headers: Record<string, string> = {
    Authorization: `Bearer ${TOKEN}`,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Mcp-Protocol-Version": "2025-11-25",
  };
  const ask = async (method: string, params: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/${server}/mcp`, {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
  const clientInfo = { name: "bench", version: "1" };
  const opened = await ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  headers["Mcp-Session-Id"] = opened.headers.get("mcp-session-id") ?? "";
  await opened.text();
  const list = async (): Promise<string> => (await ask("tools/list", {})).text();
  const deadline = performance.now() + 60_000;
  while ((await list()).split('"inputSchema"').length <= SERVERS * TOOLS) {
    if (performance.now() > deadline) throw new Error(`the tools of ${server} are not all listed`);
  }
  return list;
}
