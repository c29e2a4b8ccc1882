import { readFileSync, readdirSync } from "node:fs";

// Lists running processes from /proc (Linux). A process that exits meanwhile is skipped.

/**
 * The running processes that have `text` in their environment (a cookie, which all descendants inherit, daemons too) or in their
 * command line (arguments joined by spaces); never this process.
 */
export function processesMatching(text: string): number[] {
  return livePids().filter((pid) => pid !== process.pid && mentions(pid, text));
}

/** A zombie counts as dead: it has exited and waits for its parent to collect it. */
export function isAlive(pid: number): boolean {
  return statOf(pid) !== undefined;
}

/** All running descendants, parents before children. A daemon whose parent has exited is nobody's descendant. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(livePids().map((one) => [one, statOf(one)?.parent]));
  const found = [pid];
  for (const ancestor of found)
    found.push(...[...parents].filter(([, parent]) => parent === ancestor).map(([one]) => one));
  return found.slice(1);
}

function livePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(isAlive);
}

// `pid (command name, which may hold anything) state parent …`
function statOf(pid: number): { readonly parent: number } | undefined {
  const stat = readProc(pid, "stat");
  const [state = "X", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat === "" || state === "Z" || state === "X" ? undefined : { parent: Number(parent) };
}

function mentions(pid: number, text: string): boolean {
  return ["environ", "cmdline"].some((file) => readProc(pid, file).replaceAll("\0", " ").includes(text));
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // gone, or another user's
  }
}
