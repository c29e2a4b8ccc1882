import { WAITING_PROCESSES } from "./config.ts";
import type { Tally } from "./tally.ts";
import type { Growth, Sample } from "./watch.ts";

export interface Ended {
  readonly tally: Tally;
  readonly rss: Growth;
  readonly heap: Growth;
  /** Before the first visit, and after the last session was over. */
  readonly before: Sample;
  readonly after: Sample;
  readonly sessionsLeft: number;
  readonly exitCode: number | undefined;
  /** Processes of its children that live on after the gateway's end. */
  readonly strays: readonly number[];
}

/** The reaper, and those that wait for a session. */
export const OWN_PROCESSES = 1 + WAITING_PROCESSES;
const FILES_MORE = 8;
/** Below these a straight line through a short run says nothing. */
const RSS_MIB = 24;
const HEAP_MIB = 6;
const CLEAR_FIT = 0.5;

/** What is wrong; empty when nothing is. */
export function faults({ tally, rss, heap, before, after, sessionsLeft, exitCode, strays }: Ended): string[] {
  const files = after.files - before.files;
  return [
    tally.failures > 0 && `${tally.failures} visits ended in a way that nobody expected`,
    isClear(rss, RSS_MIB) && `resident memory grows: ${told(rss)}`,
    isClear(heap, HEAP_MIB) && `the heap grows: ${told(heap)}`,
    after.processes > OWN_PROCESSES && `${after.processes - OWN_PROCESSES} child processes are left`,
    files > FILES_MORE && `${files} more file descriptors than before`,
    sessionsLeft > 0 && `${sessionsLeft} sessions are left`,
    exitCode !== 0 && `the gateway ended with ${exitCode ?? "SIGKILL"}`,
    strays.length > 0 && `${strays.length} processes outlived the gateway: ${strays.join(", ")}`,
  ].filter((fault) => fault !== false);
}

export function told({ mibPerMinute, mib, fit }: Growth): string {
  return `${mibPerMinute.toFixed(2)} MiB/min (${mib.toFixed(1)} MiB in all, fit ${fit.toFixed(2)})`;
}

const isClear = ({ mib, fit }: Growth, least: number): boolean => mib >= least && fit >= CLEAR_FIT;
