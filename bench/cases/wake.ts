import { setTimeout as sleep } from "node:timers/promises";
import { newSession, type Setup } from "../bench.ts";
import { ECHO, type LoadSession, type Outcome } from "../driver/session.ts";
import { compare, ratioAtMost, type Figure, type Pair } from "../figures.ts";
import { childrenOf } from "../proc.ts";
import { startGateway, type Target } from "../targets.ts";

/** One for the session that wakes, one for the new session beside it, and one in reserve because a process takes time to start. */
const WARM = 3;
const ORPHAN_MS = 300;
/** Long enough for the warm processes to be replaced. */
const REFILL_MS = 4_000;
const LOOK_MS = 50;

/** The first call of a hibernated session, compared with a new session and its first call; both take a warm process. */
export async function wake({ options, echo }: Setup): Promise<Figure[]> {
  const point = "wake";
  if (!options.wants(point)) return [];
  const servers = { warm: { command: echo.command, args: echo.args, warm: WARM } };
  const gateway = await startGateway({ main: options.main, echo, servers, limits: { orphan: `${ORPHAN_MS}ms` } });
  try {
    const pairs: Pair<number>[] = [];
    for (let nth = 0; nth < (options.isQuick ? 2 : 7); nth++) pairs.push(await wakeAndOpen(gateway));
    const name = "session wakes, with its first call (beside it: a warm session opens)";
    return [{ point, name, unit: "ms", ...compare(pairs, (ms) => ms), goal: ratioAtMost(3) }];
  } finally {
    await gateway.stop();
  }
}

async function wakeAndOpen(gateway: Target): Promise<Pair<number>> {
  const session = newSession("streamable", gateway, "warm");
  await session.open();
  await sleep(REFILL_MS);
  while (childrenOf(gateway.pid).length > WARM + 1) await sleep(LOOK_MS);
  const woken = await timed(() => call(session));
  const beside = newSession("streamable", gateway, "warm");
  const opened = await timed(async () => {
    await beside.open();
    await call(beside);
  });
  await Promise.all([session.close(), beside.close()]);
  return { gateway: woken, ideal: opened };
}

function call(session: LoadSession): Promise<void> {
  return new Promise((resolve, reject) => {
    session.prepare(ECHO)(0, ({ failure }: Outcome) => {
      if (failure === undefined) resolve();
      else reject(new Error(`a call of a session that wakes: ${failure}`));
    });
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
