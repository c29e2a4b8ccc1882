import { setTimeout as sleep } from "node:timers/promises";
import { alternate, closeSessions, newSession, OWN_PROCESSES, type Bench } from "../bench.ts";
import type { LoadSession } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure, type Pair, type Transport } from "../figures.ts";
import { cpuUs } from "../proc.ts";

const PER_ROUND = 8;

interface Opened {
  readonly openMs: number;
  readonly openCpuMs: number;
  readonly closeCpuMs: number;
}

/** Opens sessions one after the other, each of which starts a child, then closes them. */
export async function opens(bench: Bench, transport: Transport): Promise<Figure[]> {
  const point = "open";
  if (!bench.options.wants(point, transport)) return [];
  await alternate(1, (side) => openAndClose(bench, transport, side));
  const pairs = await alternate(bench.options.rounds, (side) => openAndClose(bench, transport, side));
  const place = { transport, point, unit: "ms" };
  const cpu = compare(pairs, ({ openCpuMs }) => openCpuMs);
  return [
    { ...place, name: "session open: CPU", ...cpu, goal: ratioAtMost(1.3) },
    { ...place, name: "session open: time", ...compare(pairs, ({ openMs }) => openMs) },
    { ...place, name: "session end: CPU", ...compare(pairs, ({ closeCpuMs }) => closeCpuMs) },
  ];
}

async function openAndClose(bench: Bench, transport: Transport, side: keyof Pair<Opened>): Promise<Opened> {
  const target = bench[side];
  const sessions: LoadSession[] = [];
  const cpuBefore = cpuUs(target.pid);
  const startedAt = performance.now();
  for (let nth = 0; nth < PER_ROUND; nth++) {
    const session = newSession(transport, target);
    sessions.push(session);
    await session.open();
  }
  const openMs = (performance.now() - startedAt) / PER_ROUND;
  await sleep(2);
  const cpuOpen = cpuUs(target.pid);
  await closeSessions(sessions, target, OWN_PROCESSES[side]);
  await sleep(50);
  const cpuClosed = cpuUs(target.pid);
  const openCpuMs = (cpuOpen - cpuBefore) / 1_000 / PER_ROUND;
  return { openMs, openCpuMs, closeCpuMs: (cpuClosed - cpuOpen) / 1_000 / PER_ROUND };
}
