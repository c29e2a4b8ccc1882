// npm run soak: mixed traffic of polite, careless and hostile clients against good and misbehaving servers. See BENCHMARKS.md.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ConsoleWatcher } from "./driver/watcher.ts";
import { TRANSPORTS } from "./figures.ts";
import { TOKEN } from "./gateway-config.ts";
import { type Prometheus, startPrometheus } from "../test/helpers/prometheus.ts";
import { commandOf, processesWithEnv } from "./proc.ts";
import { ABUSES } from "./soak/abuse.ts";
import { CallCounts } from "./soak/call-counts.ts";
import { MARK, soakConfig } from "./soak/config.ts";
import { Tally } from "./soak/tally.ts";
import { BUSY, TRIALS } from "./soak/trials.ts";
import { faults, OWN_PROCESSES, growthText } from "./soak/verdict.ts";
import { visit, type Chance } from "./soak/visit.ts";
import { Watch } from "./soak/watch.ts";
import { startConfigured, type Target } from "./targets.ts";

const HELP = `npm run soak -- [options]

  --minutes N      how long (3)
  --clients N      visitors at once (8)
  --prometheus     let a Prometheus (Debian: prometheus) scrape the gateway, and compare its figures with what the clients have counted
  --gateway FILE   another build of the gateway than dist/main.js
`;
const TELL_MS = 10_000;
/** The longest idle time in the config, its sweep, and the time to end a server that only reacts to SIGKILL. */
const SETTLE_MS = 30_000;
/** How long a session is looked at, and how long a stream is left unread. */
const WATCH_MS = 3_000;
const STALL_MS = 30_000;
const ABUSE_SHARE = 0.1;
/** The share of the run that is ignored for growth, while caches fill and code is compiled. */
const WARM_SHARE = 0.4;

/** Each trial, repeated by its weight. */
const WEIGHTED = TRIALS.flatMap((trial) => Array.from({ length: trial.weight }, () => trial));
/** For clients without a session: they share a process, and with it what it counts. */
const WITHOUT_STATE = WEIGHTED.filter(({ server }) => server !== "counter");

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    clients: { type: "string", default: "8" },
    gateway: { type: "string", default: fileURLToPath(new URL("../dist/main.js", import.meta.url)) },
    prometheus: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await soak(values.gateway, Number(values.minutes) * 60, Number(values.clients));

async function soak(main: string, seconds: number, clients: number): Promise<number> {
  const mark = randomUUID();
  const watch = new Watch();
  const tally = new Tally();
  const health = new URL("soak/report-health.mjs", import.meta.url).href;
  const ears = { stdout: watch.onStdout, stderr: watch.onLog };
  // From Node 24 on the young generation may grow to many times this, which looks like a leak in a short run.
  const node = ["--expose-gc", "--max-semi-space-size=16", "--import", health];
  const gateway = await startConfigured([...node, main], soakConfig(mark), ears);
  await warmed(gateway, watch);
  const counts = values.prometheus ? new CallCounts() : undefined;
  const prometheus = counts && (await startPrometheus(gateway.port, { authorization: { credentials: TOKEN } }));
  const before = watch.look(gateway.pid);
  watch.start(gateway.pid);
  const teller = setInterval(() => say(progress(gateway, watch, tally)), TELL_MS);
  const until = performance.now() + seconds * 1_000;
  const watchers = [watcher(gateway, tally, until, true), watcher(gateway, tally, until, false)];
  await Promise.all([...watchers, ...Array.from({ length: clients }, () => client(gateway, { tally, until, counts }))]);
  clearInterval(teller);
  watch.stop();
  const since = watch.seconds * WARM_SHARE;
  const [rss, heap] = [watch.rssGrowth(since), watch.heapGrowth(since)];

  say("traffic is over; waiting for the last sessions to end …");
  await settled(gateway, watch);
  const after = watch.look(gateway.pid);
  const sessionsLeft = watch.sessions;
  const disagreements = await compared(counts, prometheus, mark);
  const exitCode = await gateway.stop();
  const strays = await strayProcesses(mark);
  for (const line of tally.lines()) say(line);
  say(`resident memory ${growthText(rss)}; heap ${growthText(heap)}`);
  say(
    `file descriptors ${before.files} → ${after.files}; event loop p99 ${watch.loopP99Ms.toFixed(1)} ms, longest ${watch.loopMaxMs.toFixed(0)} ms`,
  );
  const wrong = [...faults({ tally, rss, heap, before, after, sessionsLeft, exitCode, strays }), ...disagreements];
  for (const fault of wrong) say(`✗ ${fault}`);
  if (wrong.length === 0) say(`✓ ${tally.visits} visits, nothing left behind`);
  return wrong.length === 0 ? 0 : 1;
}

/** What a Prometheus says otherwise than the clients, and than the processes that there are. Ends it. */
async function compared(
  counts: CallCounts | undefined,
  prometheus: Prometheus | undefined,
  mark: string,
): Promise<string[]> {
  if (counts === undefined || prometheus === undefined) return [];
  await using scraped = prometheus;
  const echoes = processesWithEnv(`${MARK}=${mark}`).filter((pid) => commandOf(pid).includes("/echo.mjs"));
  const shown = await scraped.sum('mcp_gateway_processes{server="echo"}');
  const sessions = await scraped.sum('mcp_gateway_sessions{state="active"}');
  const wrong = await counts.disagreements(scraped);
  if (shown !== echoes.length) wrong.push(`${echoes.length} processes of echo, and Prometheus has ${shown}`);
  if (sessions !== 0) wrong.push(`Prometheus has ${sessions} sessions with a process after all have ended`);
  say(`${counts.text}; ${wrong.length === 0 ? "Prometheus agrees" : "Prometheus disagrees"}`);
  return wrong;
}

interface ClientOptions {
  readonly tally: Tally;
  readonly until: number;
  readonly counts: CallCounts | undefined;
}

/** Runs one visit after the other. */
async function client(gateway: Target, { tally, until, counts }: ClientOptions): Promise<void> {
  const chance: Chance = Math.random;
  while (performance.now() < until) {
    if (chance() < ABUSE_SHARE) {
      const abuse = pick(ABUSES, chance);
      const end = await abuse.run(gateway, chance);
      tally.add(abuse.name, end, abuse.ends.includes(end));
      continue;
    }
    const transport = pick(TRANSPORTS, chance);
    const trial = pick(transport === "modern" ? WITHOUT_STATE : WEIGHTED, chance);
    const end = await visit(gateway, transport, trial, { chance, counts });
    const isExpected = [...trial.ends, ...BUSY, "left"].includes(end);
    const what = `${transport} ${trial.server} ${trial.steps.at(-1)?.tool ?? ""}`;
    tally.add(what, end === "ok" || end === "left" ? end : isExpected ? `${trial.server}: ${end}` : end, isExpected);
  }
}

/** Somebody in the console, who looks at one session after the other; or who takes nothing of it and is cut off. */
async function watcher(gateway: Target, tally: Tally, until: number, reads: boolean): Promise<void> {
  while (performance.now() < until) {
    const watching = new ConsoleWatcher(gateway.port);
    const server = pick(TRIALS, Math.random).server;
    try {
      await watching.open(server, reads);
      const over = performance.now() + (reads ? WATCH_MS : STALL_MS);
      while (!watching.isCut && performance.now() < Math.min(over, until)) await sleep(100);
      const isExpected = !(reads && watching.isCut);
      tally.add("console", isExpected ? (reads ? "followed" : "stalled") : "cut off", isExpected);
    } catch (cause) {
      tally.add("console", String(cause), false);
    } finally {
      watching.close();
    }
  }
}

function pick<T>(list: readonly T[], chance: Chance): T {
  const picked = list[Math.floor(chance() * list.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

/** Waits until the warm processes are there, except for the entry whose processes exit immediately. */
async function warmed(gateway: Target, watch: Watch): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline && watch.look(gateway.pid).processes < OWN_PROCESSES - 1) await sleep(100);
}

async function settled(gateway: Target, watch: Watch): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline) {
    if (watch.sessions === 0 && watch.look(gateway.pid).processes <= OWN_PROCESSES) break;
    await sleep(100);
  }
  // Time for closed sockets, and for the thread that checks schemas, which stays alive for some seconds.
  await sleep(12_000);
}

/** The reaper outlives the gateway by some seconds, for processes that ignore signals. */
async function strayProcesses(mark: string): Promise<number[]> {
  const deadline = performance.now() + 8_000;
  for (;;) {
    const strays = processesWithEnv(`${MARK}=${mark}`);
    if (strays.length === 0 || performance.now() >= deadline) return strays;
    await sleep(200);
  }
}

function progress({ pid }: Target, watch: Watch, tally: Tally): string {
  const { seconds, rssMiB, files, processes } = watch.look(pid);
  const memory = `rss ${rssMiB.toFixed(1)} MiB (heap ${watch.lastHeapMiB.toFixed(1)})`;
  const loop = `loop p99 ${watch.loopP99Ms.toFixed(1)} ms`;
  const visits = `${tally.visits} visits, ${tally.failures} unexpected`;
  return `${seconds.toFixed(0).padStart(4)} s  ${memory}  fds ${files}  processes ${processes}  sessions ${watch.sessions}  ${loop}  ${visits}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
