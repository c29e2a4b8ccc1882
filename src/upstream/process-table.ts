import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

/** One process as listed by Linux; a pid identifies a process only together with its start time. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** In clock ticks since boot (proc(5), /proc/pid/stat field 22). */
  readonly startTime: string;
  readonly isZombie: boolean;
}

/** The row of one process; undefined when it has exited or the system has no /proc. */
export function processRow(pid: number): ProcessRow | undefined {
  const stat = readStat(pid);
  // The command name is in parentheses and may contain any character: the fields start after the last parenthesis.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields ?? [];
  const startTime = fields?.[19];
  if (startTime === undefined) return undefined;
  return { pid, parent: Number(parent), startTime, isZombie: state === "Z" };
}

export function allProcesses(): ProcessRow[] {
  return pids().flatMap((pid) => processRow(pid) ?? []);
}

/** All descendants of `roots`, without the roots. */
export function descendantsOf(roots: Iterable<number>, table: readonly ProcessRow[]): ProcessRow[] {
  const byParent = new Map<number, ProcessRow[]>();
  for (const row of table) byParent.set(row.parent, [...(byParent.get(row.parent) ?? []), row]);
  const found = new Map<number, ProcessRow>();
  const ahead = [...roots];
  for (let pid = ahead.pop(); pid !== undefined; pid = ahead.pop()) {
    for (const child of byParent.get(pid) ?? []) {
      if (found.has(child.pid)) continue;
      found.set(child.pid, child);
      ahead.push(child.pid);
    }
  }
  return [...found.values()];
}

/** The processes whose environment has one of the given values for a variable. */
export function processesWithEnv(
  name: string,
  values: ReadonlySet<string>,
  table: readonly ProcessRow[],
): ProcessRow[] {
  return table.filter(({ pid }) => {
    const entry = readProc(pid, "environ")
      ?.split("\0")
      .find((variable) => variable.startsWith(`${name}=`));
    return entry !== undefined && values.has(entry.slice(name.length + 1));
  });
}

function pids(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    // No /proc on this system: groups can still be ended, but processes that left them cannot be found.
    return [];
  }
}

/** Longer than any `stat`: a name of at most 64 bytes and fifty numbers. */
const STAT_BYTES = 2_048;

/** Half the system calls of `readFileSync`, which asks for the size of the file and reads until nothing comes. */
function readStat(pid: number): string | undefined {
  try {
    const file = openSync(`/proc/${pid}/stat`, "r");
    try {
      const bytes = Buffer.allocUnsafe(STAT_BYTES);
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    // It has exited since the listing.
    return undefined;
  }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    // The process has exited since the listing, or belongs to another user: in both cases it is not ours.
    return undefined;
  }
}
