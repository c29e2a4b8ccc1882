import { setTimeout as sleep } from "node:timers/promises";
import { drive, type Drive } from "./driver/drive.ts";
import { RestSession } from "./driver/rest.ts";
import type { LoadSession } from "./driver/session.ts";
import { SseSession } from "./driver/sse.ts";
import { StreamableSession } from "./driver/streamable.ts";
import type { EchoCommand } from "./echo-command.ts";
import type { Pair, Way } from "./figures.ts";
import { TOKEN } from "./gateway-config.ts";
import type { Options } from "./options.ts";
import { childrenOf, cpuUs } from "./proc.ts";
import { percentile } from "./statistics.ts";
import type { Target } from "./targets.ts";

export interface Setup {
  readonly options: Options;
  readonly echo: EchoCommand;
  /** Wrong or missing responses, with their count. */
  readonly failures: Map<string, number>;
}

/** The input of a benchmark case. */
export interface Bench extends Setup, Pair<Target> {}

export interface Slice {
  readonly calls: number;
  readonly ms: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const OPENING_AT_ONCE = 10;
const SETTLE_MS = 10_000;

/** Drives one target for a while and measures the CPU time of its process alone. */
export async function measure(bench: Bench, target: Target, work: Drive): Promise<Slice> {
  const before = cpuUs(target.pid);
  const { calls, ms, latenciesMs, failures } = await drive(work);
  // Lets the target finish its work after the last response.
  await sleep(2);
  const used = cpuUs(target.pid) - before;
  for (const [what, times] of failures) bench.failures.set(what, (bench.failures.get(what) ?? 0) + times);
  return { calls, ms, cpuUs: used, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}

/** Runs both targets in turn; each goes first equally often. */
export async function alternate<T>(rounds: number, run: (side: keyof Pair<T>) => Promise<T>): Promise<Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const gateway = await run("gateway");
      pairs.push({ gateway, ideal: await run("ideal") });
    } else {
      const ideal = await run("ideal");
      pairs.push({ ideal, gateway: await run("gateway") });
    }
  }
  return pairs;
}

export function newSession(transport: Way, { port }: Target, server = "echo"): LoadSession {
  const address = { port, server, token: TOKEN };
  switch (transport) {
    case "sse":
      return new SseSession(address);
    case "streamable":
    case "remote":
      return new StreamableSession(address);
    case "rest":
      return new RestSession(address);
  }
}

export async function openSessions(transport: Way, target: Target, count: number): Promise<LoadSession[]> {
  const sessions = Array.from({ length: count }, () => newSession(transport, target));
  for (let from = 0; from < count; from += OPENING_AT_ONCE) {
    await Promise.all(sessions.slice(from, from + OPENING_AT_ONCE).map((session) => session.open()));
  }
  return sessions;
}

/** Closes the sessions and waits until their processes are gone, so that this is not part of the next measurement. */
export async function closeSessions(sessions: readonly LoadSession[], target: Target, left: number): Promise<void> {
  await Promise.all(sessions.map((session) => session.close()));
  const deadline = performance.now() + SETTLE_MS;
  while (childrenOf(target.pid).length > left && performance.now() < deadline) await sleep(10);
}

/** The gateway has one additional process, the reaper. */
export const OWN_PROCESSES: Readonly<Record<keyof Pair<unknown>, number>> = { gateway: 1, ideal: 0 };
