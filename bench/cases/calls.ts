import { alternate, closeSessions, measure, openSessions, OWN_PROCESSES, type Bench, type Slice } from "../bench.ts";
import { ECHO, type Call } from "../driver/session.ts";
import { compare, ratioAtLeast, ratioAtMost, type Figure, type Pair, type Way } from "../figures.ts";

interface Point {
  readonly point: string;
  readonly sessions: number;
  /** Concurrent calls of each session. */
  readonly inFlight: number;
  /** Whether goals apply to this point. */
  readonly counts: boolean;
}

export const POINTS: readonly Point[] = [
  { point: "c1", sessions: 1, inFlight: 1, counts: false },
  { point: "c16", sessions: 1, inFlight: 16, counts: true },
  { point: "c64", sessions: 1, inFlight: 64, counts: true },
  { point: "s10", sessions: 10, inFlight: 1, counts: false },
  { point: "s50", sessions: 50, inFlight: 1, counts: true },
];

/** Small calls, at each load point. */
export async function calls(bench: Bench, transport: Way): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { point, sessions, inFlight, counts } of POINTS) {
    if (!bench.options.wants(point, transport)) continue;
    const pairs = await slices(bench, transport, { sessions, inFlight, call: ECHO });
    const place = { transport, point };
    const cpu = compare(pairs, (slice) => slice.cpuUs / slice.calls);
    const rate = compare(pairs, (slice) => (slice.calls / slice.ms) * 1_000);
    const p50 = compare(pairs, (slice) => slice.p50Ms);
    const p99 = compare(pairs, (slice) => slice.p99Ms);
    figures.push(
      {
        ...place,
        name: "CPU per call",
        unit: "µs",
        ...cpu,
        goal: counts ? ratioAtMost(transport === "modern" ? 1.6 : 1.5) : undefined,
      },
      { ...place, name: "calls/s", unit: "", ...rate, goal: counts ? ratioAtLeast(0.65) : undefined },
      { ...place, name: "p50", unit: "ms", ...p50 },
      { ...place, name: "p99", unit: "ms", ...p99, goal: point === "c16" ? ratioAtMost(1.5) : undefined },
    );
  }
  return figures;
}

interface Load {
  readonly sessions: number;
  readonly inFlight: number;
  readonly call: Call;
  /** What happens once the sessions are open. */
  readonly opened?: () => Promise<void>;
}

/** Alternating slices of one kind of load, after warming up both targets. */
export async function slices(
  bench: Bench,
  transport: Way,
  load: Load,
  ownProcesses = OWN_PROCESSES,
): Promise<Pair<Slice>[]> {
  const { rounds, sliceMs, warmMs } = bench.options;
  const { inFlight, call } = load;
  const open = {
    gateway: await openSessions(transport, bench.gateway, load.sessions),
    ideal: await openSessions(transport, bench.ideal, load.sessions),
  };
  await load.opened?.();
  const run = (side: keyof Pair<Slice>, ms: number): Promise<Slice> =>
    measure(bench, bench[side], { sessions: open[side], inFlight, call, ms });
  await run("gateway", warmMs);
  await run("ideal", warmMs);
  const pairs = await alternate(rounds, (side) => run(side, sliceMs));
  await closeSessions(open.gateway, bench.gateway, ownProcesses.gateway);
  await closeSessions(open.ideal, bench.ideal, ownProcesses.ideal);
  return pairs;
}
