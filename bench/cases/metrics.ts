import type { Setup } from "../bench.ts";
import { ECHO } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure } from "../figures.ts";
import { startGateway } from "../targets.ts";
import { slices } from "./calls.ts";

/** The CPU time of a call on a gateway that counts for /metrics, beside one that does not. */
export async function countedCalls(setup: Setup): Promise<Figure[]> {
  const point = "metrics";
  const { options, echo } = setup;
  if (!options.wants(point)) return [];
  const counting = await startGateway({ main: options.main, echo, hasMetrics: true });
  const plain = await startGateway({ main: options.main, echo });
  try {
    // Both start cold, and have to compile their hot path first.
    const warm = { ...options, warmMs: options.compileMs };
    const bench = { ...setup, options: warm, gateway: counting, ideal: plain };
    const pairs = await slices(bench, "streamable", { sessions: 1, inFlight: 16, call: ECHO });
    const cpu = compare(pairs, (slice) => slice.cpuUs / slice.calls);
    const name = "CPU per call, with metrics (beside it: without)";
    return [{ point, name, unit: "µs", ...cpu, goal: ratioAtMost(1.05) }];
  } finally {
    await counting.stop();
    await plain.stop();
  }
}
