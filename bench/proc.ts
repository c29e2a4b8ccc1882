import { readdirSync, readFileSync } from "node:fs";

/** CPU time of one process, all its threads, without its children (proc(5): schedstat counts nanoseconds). */
export function cpuUs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0] ?? 0);
  }
  return ns / 1_000;
}

export interface Memory {
  readonly rssKiB: number;
  /** Private dirty pages. */
  readonly privateKiB: number;
  /** The part of these that malloc uses for small allocations. */
  readonly mallocKiB: number;
}

export function memory(pid: number): Memory {
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const mallocHeap = /\[heap\][^]*/.exec(read(`/proc/${pid}/smaps`))?.[0] ?? "";
  return {
    rssKiB: figure(rollup, "Rss"),
    privateKiB: figure(rollup, "Private_Dirty"),
    mallocKiB: figure(mallocHeap, "Private_Dirty"),
  };
}

/** Much cheaper than `memory`. */
export function residentKiB(pid: number): number {
  return figure(read(`/proc/${pid}/status`), "VmRSS");
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly isZombie: boolean;
}

function processes(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const stat = read(`/proc/${pid}/stat`);
    // The second field is a name in parentheses, which may contain any character.
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return parent === undefined ? [] : { pid, parent: Number(parent), isZombie: state === "Z" };
  });
}

export function childrenOf(pid: number): number[] {
  return processes().flatMap((row) => (row.parent === pid ? row.pid : []));
}

/** The processes that have this entry in their environment. */
export function processesWithEnv(entry: string): number[] {
  return processes().flatMap(({ pid, isZombie }) =>
    !isZombie && read(`/proc/${pid}/environ`).split("\0").includes(entry) ? pid : [],
  );
}

export const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");

/** The first field with this name. */
function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process or thread has exited since the listing.
    return "";
  }
}
