import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { warmUp, type Bench } from "../bench.ts";
import { ECHO } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure, type Transport } from "../figures.ts";
import { accessConfig } from "../gateway-config.ts";
import { startGateway } from "../targets.ts";
import { slices } from "./calls.ts";

export const ACCESS = "access";

/**
 * What access rules cost: a gateway with 50 policy rules, rate limits in memory and the audit trail in a file, compared with the
 * gateway of the other figures, which has a token only.
 */
export async function access(bench: Bench, transport: Transport): Promise<Figure[]> {
  if (!bench.options.wants(ACCESS, transport)) return [];
  const { main } = bench.options;
  const folder = mkdtempSync(join(tmpdir(), "mcp-gateway-bench-audit-"));
  const guarded = await startGateway({ main, echo: bench.echo, more: accessConfig(join(folder, "audit.jsonl")) });
  try {
    const sides = { ...bench, gateway: guarded, ideal: bench.gateway };
    // Each of the two has its reaper.
    const ownProcesses = { gateway: 1, ideal: 1 };
    await warmUp(sides, transport, ownProcesses);
    const pairs = await slices(sides, transport, { sessions: 1, inFlight: 16, call: ECHO }, ownProcesses);
    const cpu = compare(pairs, (slice) => slice.cpuUs / slice.calls);
    const name = "CPU per call at c16, access rules / a token only";
    return [{ transport, point: ACCESS, name, unit: "µs", ...cpu, goal: ratioAtMost(1.15) }];
  } finally {
    await guarded.stop();
    rmSync(folder, { recursive: true });
  }
}
