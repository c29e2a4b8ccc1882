import { setTimeout as sleep } from "node:timers/promises";
import { alternate, type Setup } from "../bench.ts";
import { atMost, compare, ratioAtMost, type Figure } from "../figures.ts";
import { memory } from "../proc.ts";
import { startBareServer, startGateway, startIdealRelay, type Target } from "../targets.ts";

const IDLE_MS = 1_000;
const KIB_PER_MIB = 1_024;

/** From the start of the process to the line that it is listening. */
export async function start({ options, echo }: Setup): Promise<Figure[]> {
  if (!options.wants("start")) return [];
  const launch = { gateway: () => startGateway({ main: options.main, echo }), ideal: startBareServer };
  const pairs = await alternate(options.starts, async (side) => {
    const target = await launch[side]();
    await target.stop();
    return target.startMs;
  });
  const figure = compare(pairs, (ms) => ms);
  return [
    { point: "start", name: "start to listening (ideal: bare node:http)", unit: "ms", ...figure, goal: ratioAtMost(3) },
  ];
}

/** The CPU time and memory of an idle gateway. */
export async function idle({ options, echo }: Setup): Promise<Figure[]> {
  if (!options.wants("idle")) return [];
  const look = async (target: Target): Promise<ReturnType<typeof memory>> => {
    await sleep(IDLE_MS);
    const seen = memory(target.pid);
    await target.stop();
    return seen;
  };
  const gateway = await look(await startGateway({ main: options.main, echo }));
  const ideal = await look(await startIdealRelay(echo));
  const figure = compare([{ gateway, ideal }], ({ rssKiB }) => rssKiB / KIB_PER_MIB);
  const own = compare([{ gateway, ideal }], ({ privateKiB }) => privateKiB / KIB_PER_MIB);
  return [
    { point: "idle", name: "idle: RSS", unit: "MiB", ...figure, goal: atMost(75) },
    { point: "idle", name: "idle: private memory", unit: "MiB", ...own },
  ];
}
