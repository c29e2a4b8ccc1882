import type { Setup } from "../bench.ts";
import { ECHO } from "../driver/session.ts";
import { ConsoleWatcher } from "../driver/watcher.ts";
import { compare, ratioAtMost, type Figure } from "../figures.ts";
import { consoleConfig } from "../gateway-config.ts";
import { startGateway } from "../targets.ts";
import { slices } from "./calls.ts";

/** The CPU time of a call on a gateway that keeps messages for its console, beside one that has none. */
export async function recordedCalls(setup: Setup): Promise<Figure[]> {
  const point = "console";
  if (!setup.options.wants(point)) return [];
  const unwatched = await besideNone(setup, undefined);
  const watched = await besideNone(setup, "echo");
  return [
    {
      point,
      name: "CPU per call, with the console (beside it: without)",
      unit: "µs",
      ...unwatched,
      goal: ratioAtMost(1.05),
    },
    {
      point,
      name: "CPU per call, with the console and one who watches",
      unit: "µs",
      ...watched,
      goal: ratioAtMost(1.3),
    },
  ];
}

/** The watcher follows the session of `server`; nobody watches without one. */
async function besideNone(setup: Setup, server: string | undefined): Promise<ReturnType<typeof compare>> {
  const { options, echo } = setup;
  const recording = await startGateway({ main: options.main, echo, more: consoleConfig(true) });
  const plain = await startGateway({ main: options.main, echo, more: consoleConfig(false) });
  const watcher = new ConsoleWatcher(recording.port);
  try {
    // Both start cold, and have to compile their hot path first.
    const warm = { ...options, warmMs: options.compileMs };
    const bench = { ...setup, options: warm, gateway: recording, ideal: plain };
    const opened = (): Promise<void> => (server === undefined ? Promise.resolve() : watcher.open(server));
    const pairs = await slices(bench, "streamable", { sessions: 1, inFlight: 16, call: ECHO, opened });
    return compare(pairs, (slice) => slice.cpuUs / slice.calls);
  } finally {
    watcher.close();
    await recording.stop();
    await plain.stop();
  }
}
