import { setTimeout as sleep } from "node:timers/promises";
import { newSession, type Setup } from "../bench.ts";
import { compare, ratioAtMost, type Figure } from "../figures.ts";
import { startGateway, type Target } from "../targets.ts";

const NPX = { command: "npx", args: ["-y", "@modelcontextprotocol/server-everything"] };
const WARM = 2;
/** Long enough for npx to start another process, even on a busy machine. */
const REFILL_MS = 5_000;

/** Opening a session of a server started by npx, with and without warm processes. */
export async function warmOpen({ options, echo }: Setup): Promise<Figure[]> {
  const point = "warm";
  if (!options.wants(point)) return [];
  const servers = { cold: NPX, warm: { ...NPX, warm: WARM } };
  const gateway = await startGateway({ main: options.main, echo, servers });
  const opens = options.isQuick ? 1 : 5;
  try {
    const cold = await openMs(gateway, "cold", opens);
    const warm = await openMs(gateway, "warm", opens, REFILL_MS);
    const pairs = warm.map((ms, index) => ({ gateway: ms, ideal: cold[index] ?? Number.NaN }));
    const name = "session open, npx entry: warm (beside it: cold)";
    return [{ point, name, unit: "ms", ...compare(pairs, (ms) => ms), goal: ratioAtMost(0.05) }];
  } finally {
    await gateway.stop();
  }
}

async function openMs(gateway: Target, server: string, times: number, pauseMs = 0): Promise<number[]> {
  const taken: number[] = [];
  for (let nth = 0; nth < times; nth++) {
    await sleep(pauseMs);
    const session = newSession("streamable", gateway, server);
    const startedAt = performance.now();
    await session.open();
    taken.push(performance.now() - startedAt);
    await session.close();
  }
  return taken;
}
