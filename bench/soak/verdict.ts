import { WAITING_PROCESSES } from "./config.ts";
import type { Tally } from "./tally.ts";
import type { Growth, Sample } from "./watch.ts";

export interface SoakResult {
  readonly tally: Tally;
  readonly rss: Growth;
  readonly heap: Growth;
  /** Before the first visit, and after the last session ended. */
  readonly before: Sample;
  readonly after: Sample;
  readonly sessionsLeft: number;
  readonly exitCode: number | undefined;
  /** Child processes that outlived the gateway. */
  readonly strays: readonly number[];
}

/** The reaper and the warm processes. */
export const OWN_PROCESSES = 1 + WAITING_PROCESSES;
const FILES_MORE = 8;
/** Smaller growth is not significant in a short run. */
const RSS_MIB = 24;
const HEAP_MIB = 6;
const CLEAR_FIT = 0.5;

/** The faults; empty when there are none. */
export function faults({ tally, rss, heap, before, after, sessionsLeft, exitCode, strays }: SoakResult): string[] {
  const files = after.files - before.files;
  return [
    tally.failures > 0 && `${tally.failures} visits ended in a way that nobody expected`,
    isClear(rss, RSS_MIB) && `resident memory grows: ${growthText(rss)}`,
    isClear(heap, HEAP_MIB) && `the heap grows: ${growthText(heap)}`,
    after.processes > OWN_PROCESSES && `${after.processes - OWN_PROCESSES} child processes are left`,
    files > FILES_MORE && `${files} more file descriptors than before`,
    sessionsLeft > 0 && `${sessionsLeft} sessions are left`,
    exitCode !== 0 && `the gateway ended with ${exitCode ?? "SIGKILL"}`,
    strays.length > 0 && `${strays.length} processes outlived the gateway: ${strays.join(", ")}`,
  ].filter((fault) => fault !== false);
}

export function growthText({ mibPerMinute, mib, fit }: Growth): string {
  return `${mibPerMinute.toFixed(2)} MiB/min (${mib.toFixed(1)} MiB in all, fit ${fit.toFixed(2)})`;
}

const isClear = ({ mib, fit }: Growth, least: number): boolean => mib >= least && fit >= CLEAR_FIT;
