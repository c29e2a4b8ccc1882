// npm run instructions: instructions that the gateway executes per call, counted by valgrind. Unlike CPU time they hardly depend on
// what else the machine does. The kernel's work is not in them. Needs valgrind; a run takes minutes. With --access, the gateway has
// policy rules, rate limits and an audit file; with --console on or off, a user who may watch; with --notifications, what is counted
// is a notification. With --ideal, the relay from HTTP to HTTP that checks nothing is counted instead, beside which a gateway with a
// remote server is measured.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { newSession } from "./bench.ts";
import { notificationCall, PER_CALL } from "./cases/notifications.ts";
import { ECHO, type LoadSession } from "./driver/session.ts";
import { echoCommand, type EchoCommand } from "./echo-command.ts";
import { SESSION_TRANSPORTS, WAYS, type Way } from "./figures.ts";
import { accessConfig, consoleConfig, gatewayConfig, modernServers, remoteServers } from "./gateway-config.ts";
import { median } from "./statistics.ts";
import { startIdealRelay } from "./targets.ts";

const IN_FLIGHT = 16;
const ROUNDS = 3;
const POLL_MS = 100;
const IDEAL = fileURLToPath(new URL("ideal-http-relay.mjs", import.meta.url));

const { values } = parseArgs({
  options: {
    gateway: { type: "string", default: fileURLToPath(new URL("../dist/main.js", import.meta.url)) },
    transport: { type: "string", multiple: true, default: [...SESSION_TRANSPORTS] },
    access: { type: "boolean", default: false },
    console: { type: "string" },
    ideal: { type: "boolean", default: false },
    notifications: { type: "boolean", default: false },
    calls: { type: "string" },
  },
});
const [call, perCall, what] = values.notifications ? [notificationCall, PER_CALL, "notification"] : [ECHO, 1, "call"];
const calls = Number(values.calls ?? (values.notifications ? 60 : 2_500));
const inFlight = values.notifications ? 1 : IN_FLIGHT;
for (const way of WAYS) {
  if (!values.transport.includes(way)) continue;
  const rounds = await measured(values.gateway, way);
  const each = rounds.map((count) => Math.round(count / (calls * perCall)));
  process.stdout.write(`${way}: ${median(each)} instructions per ${what} (${each.join(", ")})\n`);
}

async function measured(main: string, way: Way): Promise<number[]> {
  const echo = echoCommand();
  const far = way === "remote" ? await startIdealRelay(echo) : undefined;
  try {
    if (values.ideal && far !== undefined) return await counted([IDEAL, String(far.port)], way, mkdtemp());
    const servers = far === undefined ? serversOf(way, echo) : remoteServers(far.port);
    const folder = mkdtemp();
    const config = join(folder, "config.yaml");
    const access = values.access ? accessConfig(join(folder, "audit.jsonl")) : {};
    const more = values.console === undefined ? access : { ...access, ...consoleConfig(values.console === "on") };
    writeFileSync(config, gatewayConfig(echo, { servers, more }));
    return await counted([main, "--config", config], way, folder);
  } finally {
    await far?.stop();
  }
}

function serversOf(way: Way, echo: EchoCommand): object {
  return way === "modern" ? modernServers(echo) : {};
}

function mkdtemp(): string {
  return mkdtempSync(join(tmpdir(), "mcp-gateway-instructions-"));
}

async function counted(program: readonly string[], way: Way, folder: string): Promise<number[]> {
  const counter = ["--tool=callgrind", "--smc-check=all-non-file", `--callgrind-out-file=${folder}/count`];
  // Without the collector's own threads, which valgrind would count at random.
  const gateway = spawn("valgrind", [...counter, process.execPath, "--single-threaded-gc", ...program], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, XDG_STATE_HOME: folder },
  });
  try {
    const port = await listeningPort(gateway.stderr);
    const pid = gateway.pid ?? Number.NaN;
    const session = newSession(way, { pid, port, startMs: 0, stop: () => Promise.resolve(undefined) });
    await session.open();
    // Until the compiler has seen the hot path.
    await callTimes(session, 4 * calls);
    const counts: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      countSinceLast(folder, pid);
      await callTimes(session, calls);
      counts.push(countSinceLast(folder, pid));
    }
    session.drop();
    return counts;
  } finally {
    gateway.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function listeningPort(stderr: NodeJS.ReadableStream): Promise<number> {
  let said = "";
  stderr.on("data", (text: Buffer) => (said += text.toString()));
  return new Promise((resolve, reject) => {
    stderr.once("end", () => reject(new Error(`the gateway did not start:\n${said}`)));
    const timer = setInterval(() => {
      const port = /listening on [\d.]+:(\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearInterval(timer);
      resolve(Number(port));
    }, POLL_MS);
  });
}

function callTimes(session: LoadSession, total: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = session.prepare(call);
    let [left, done] = [total, 0];
    const next = (lane: number): void => {
      if (left === 0) return;
      left--;
      send(lane, ({ failure }) => {
        if (failure !== undefined) return reject(new Error(failure));
        done++;
        if (done === total) resolve();
        else next(lane);
      });
    };
    for (let lane = 0; lane < inFlight; lane++) next(lane);
  });
}

/** Each dump holds what was counted since the dump before. */
function countSinceLast(folder: string, pid: number): number {
  execFileSync("callgrind_control", ["--dump", String(pid)], { stdio: "ignore" });
  const dumps = readdirSync(folder).flatMap((name) => /^count\.(\d+)$/.exec(name)?.[1] ?? []);
  const newest = Math.max(...dumps.map(Number));
  const total = /^totals: (\d+)/m.exec(readFileSync(join(folder, `count.${newest}`), "utf8"))?.[1];
  return Number(total);
}
