/**
 * The reaper: a separate process that outlives the gateway by a few seconds. It reads from stdin which children are running (see
 * `reaper.ts`) and kills what they leave behind: processes that left their group and, when the gateway has exited (the pipe
 * closes), everything.
 *
 * Lines: `+ <pid> <cookie>` a child was started · `? <pid>` it is about to be ended · `- <pid>` it has been ended.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { COOKIE_VARIABLE } from "./child-env.ts";
import { signalGroup } from "./process-group.ts";
import { allProcesses, descendantsOf, processesWithEnv, processRow, type ProcessRow } from "./process-table.ts";

const EOF_MS = 2_000;
const TERM_MS = 3_000;
const POLL_MS = 100;
/** Ended children are handled in batches: walking /proc costs the same for one as for a hundred. */
const GATHER_MS = 250;

interface Child {
  readonly pid: number;
  readonly cookie: string;
  readonly startTime: string | undefined;
  /** Its descendants when its shutdown began, so that they are found even if they cleared their environment. */
  tree: readonly ProcessRow[];
}

const living = new Map<number, Child>();
let ending: Child[] = [];
let ended: Child[] = [];

async function main(): Promise<void> {
  // A terminal's Ctrl-C, or a signal sent to all processes by name, must not end the reaper.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  for await (const line of createInterface({ input: process.stdin })) note(line);
  await outlive();
}

function note(line: string): void {
  const [verb, pidText, cookie = ""] = line.split(" ");
  const pid = Number(pidText);
  const child = living.get(pid);
  if (verb === "+") living.set(pid, { pid, cookie, startTime: processRow(pid)?.startTime, tree: [] });
  if (child === undefined) return;
  // A burst of shutdowns arrives in one read: one walk over /proc serves all of them.
  if (verb === "?" && ending.push(child) === 1) setImmediate(rememberTrees);
  if (verb === "-") {
    living.delete(pid);
    if (ended.push(child) === 1) setTimeout(sweepEnded, GATHER_MS);
  }
}

function rememberTrees(): void {
  const table = allProcesses();
  for (const child of ending) child.tree = descendantsOf([child.pid], table);
  ending = [];
}

function sweepEnded(): void {
  const children = ended;
  ended = [];
  killStrays(children);
}

/** The gateway has exited: shuts its children down in the same three stages. */
async function outlive(): Promise<void> {
  const orphans = [...living.values(), ...ended];
  const table = allProcesses();
  for (const child of orphans) child.tree = [...child.tree, ...descendantsOf([child.pid], table)];
  if (!(await haveExited(orphans, EOF_MS))) {
    for (const { pid, startTime } of orphans) signalGroup(pid, startTime, "SIGTERM");
    await haveExited(orphans, TERM_MS);
  }
  for (const { pid, startTime } of orphans) signalGroup(pid, startTime, "SIGKILL");
  // Twice, because a process may be forking while it is killed.
  killStrays(orphans);
  await sleep(POLL_MS);
  killStrays(orphans);
}

async function haveExited(children: readonly Child[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (children.some(({ pid, startTime }) => signalGroup(pid, startTime, 0))) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function killStrays(children: readonly Child[]): void {
  const table = allProcesses();
  const cookies = new Set(children.map((child) => child.cookie));
  const marked = processesWithEnv(COOKIE_VARIABLE, cookies, table);
  const strays = [
    ...marked,
    ...descendantsOf(
      marked.map((row) => row.pid),
      table,
    ),
    ...children.flatMap((child) => child.tree),
  ];
  for (const stray of strays) killOne(stray);
}

function killOne({ pid, startTime }: ProcessRow): void {
  const now = processRow(pid);
  if (now === undefined || now.startTime !== startTime || now.isZombie) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has exited in the meantime.
  }
}

await main();
