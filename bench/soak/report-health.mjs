// Preloaded into the gateway by the soak test, with --expose-gc: periodically writes the event loop delay and the live heap size to stdout.
import { monitorEventLoopDelay } from "node:perf_hooks";

const EVERY_MS = 5_000;
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let isWarm = false;
delay.enable();
setInterval(() => {
  // The time of the forced collection and of the start is not counted.
  delay.disable();
  globalThis.gc();
  if (!isWarm) delay.reset();
  isWarm = true;
  const [loopP99Ms, loopMaxMs] = [delay.percentile(99), delay.max].map((ns) => ns / NS_PER_MS - RESOLUTION_MS);
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
  process.stdout.write(`${JSON.stringify({ loopP99Ms, loopMaxMs, heapMiB })}\n`);
  delay.enable();
}, EVERY_MS).unref();
