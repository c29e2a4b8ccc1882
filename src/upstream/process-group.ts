import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { member } from "../lib/json.ts";
import { processRow } from "./process-table.ts";

export interface EndStages {
  /** How long a server may take to exit after its stdin was closed (MCP, stdio transport, shutdown: close stdin first). */
  readonly eofMs: number;
  /** How long its group may take to exit after SIGTERM before SIGKILL is sent. */
  readonly termMs: number;
}

const KILL_MS = 1_000;
const POLL_MS = 20;

/** A child that leads its own process group, together with its descendants in that group. */
export class ProcessGroup {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #startTime: string | undefined;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.#startTime = processRow(pid)?.startTime;
  }

  /** Stdin EOF, then SIGTERM to the group, then SIGKILL to the group. Resolves when the group is empty. */
  async end(stages: EndStages): Promise<void> {
    this.#child.stdin?.end();
    if (await this.#waitUntil(stages.eofMs, () => this.#hasExited())) {
      if (!this.#isAlive()) return;
    }
    signalGroup(this.pid, this.#startTime, "SIGTERM");
    if (await this.#waitUntil(stages.termMs, () => !this.#isAlive())) return;
    signalGroup(this.pid, this.#startTime, "SIGKILL");
    await this.#waitUntil(KILL_MS, () => !this.#isAlive());
  }

  async #waitUntil(withinMs: number, condition: () => boolean): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      if (performance.now() >= deadline) return false;
      await sleep(POLL_MS);
    }
    return true;
  }

  #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #isAlive(): boolean {
    return !this.#hasExited() || signalGroup(this.pid, this.#startTime, 0);
  }
}

/**
 * Signals a process group, even if its leader cannot be inspected; false when the group is empty. A recycled pid is not
 * signalled: a pid is not reused while its group has members, so a leader with another start time means that our group is gone.
 */
export function signalGroup(pid: number, startTime: string | undefined, signal: NodeJS.Signals | 0): boolean {
  // Asked first, because most groups are empty when this is called, and their leader need not be looked for.
  if (!sent(pid, 0)) return false;
  const leader = processRow(pid);
  if (leader !== undefined && startTime !== undefined && leader.startTime !== startTime) return false;
  return signal === 0 || sent(pid, signal);
}

function sent(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (cause) {
    // ESRCH: the group is empty. EPERM: a member exists but runs as another user now.
    return member(cause, "code") === "EPERM";
  }
}
