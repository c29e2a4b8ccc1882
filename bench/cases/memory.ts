import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { alternate, openSessions, type Setup } from "../bench.ts";
import { ECHO, type LoadSession } from "../driver/session.ts";
import { atMost, compare, type Figure, type Transport } from "../figures.ts";
import { memory } from "../proc.ts";
import { startGateway, startIdealRelay, type Target } from "../targets.ts";

const FIRST = 10;
const SETTLE_MS = 300;
const HEAP_FILE = join(tmpdir(), `mcp-gateway-bench-heap-${process.pid}.json`);

interface Kib {
  /** Private dirty pages of the process. */
  readonly own: number;
  /** The part of the V8 heap and of malloc that is in use. */
  readonly live: number;
}

/** The memory of 50 or 100 open sessions, each after one call and garbage collection, relative to 10 sessions in the same process. */
export async function memoryPerSession({ options, echo }: Setup, transport: Transport): Promise<Figure[]> {
  const point = "memory";
  if (!options.wants(point, transport)) return [];
  const nodeArgs = ["--expose-gc", "--import", new URL("../heap-on-signal.mjs", import.meta.url).href];
  const launch = {
    gateway: () => startGateway({ main: options.main, echo, nodeArgs }),
    ideal: () => startIdealRelay(echo, nodeArgs),
  };
  const [runs, sessions] = options.isQuick ? [1, 50] : [3, 100];
  const pairs = await alternate(runs, (side) => perSession(launch[side], transport, sessions));
  const place = { transport, point, unit: "KiB" };
  return [
    { ...place, name: "memory in use per open session", ...compare(pairs, ({ live }) => live), goal: atMost(40) },
    { ...place, name: "pages per open session, with V8's reserve", ...compare(pairs, ({ own }) => own) },
  ];
}

async function perSession(launch: () => Promise<Target>, transport: Transport, count: number): Promise<Kib> {
  process.env["BENCH_HEAP_FILE"] = HEAP_FILE;
  const target = await launch();
  const first = await openAndCall(transport, target, FIRST);
  const before = await look(target);
  const sessions = await openAndCall(transport, target, count);
  const after = await look(target);
  for (const session of [...first, ...sessions]) session.drop();
  await target.stop();
  return { own: (after.own - before.own) / count, live: (after.live - before.live) / count };
}

async function look({ pid }: Target): Promise<Kib> {
  await sleep(SETTLE_MS);
  process.kill(pid, "SIGUSR2");
  while (!existsSync(HEAP_FILE)) await sleep(10);
  const { heapUsed, external } = JSON.parse(readFileSync(HEAP_FILE, "utf8")) as NodeJS.MemoryUsage;
  rmSync(HEAP_FILE);
  const { privateKiB, mallocKiB } = memory(pid);
  return { own: privateKiB, live: (heapUsed + external) / 1_024 + mallocKiB };
}

async function openAndCall(transport: Transport, target: Target, count: number): Promise<LoadSession[]> {
  const sessions = await openSessions(transport, target, count);
  for (const session of sessions) await new Promise((resolve) => session.prepare(ECHO)(0, resolve));
  return sessions;
}
