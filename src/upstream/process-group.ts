import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { member } from "../lib/json.ts";
import { processRow } from "./process-table.ts";

export interface EndStages {
  /** How long a server may take to leave after its stdin was closed (MCP, stdio shutdown: close stdin first). */
  readonly eofMs: number;
  /** How long its group may take after SIGTERM before SIGKILL. */
  readonly termMs: number;
}

const KILL_MS = 1_000;
const POLL_MS = 20;

/** A child started as the leader of its own process group, and everything it started that stayed in the group. */
export class ProcessGroup {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #startTime: string | undefined;

  constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.#startTime = processRow(pid)?.startTime;
  }

  /** stdin EOF → SIGTERM to the group → SIGKILL to the group. Resolves when the group is empty. */
  async end(stages: EndStages): Promise<void> {
    this.#child.stdin?.end();
    if (await this.#isGone(stages.eofMs, () => this.#hasLeft())) {
      if (!this.#isAlive()) return;
    }
    signalGroup(this.pid, this.#startTime, "SIGTERM");
    if (await this.#isGone(stages.termMs, () => !this.#isAlive())) return;
    signalGroup(this.pid, this.#startTime, "SIGKILL");
    await this.#isGone(KILL_MS, () => !this.#isAlive());
  }

  async #isGone(withinMs: number, isGone: () => boolean): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!isGone()) {
      if (performance.now() >= deadline) return false;
      await sleep(POLL_MS);
    }
    return true;
  }

  #hasLeft(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #isAlive(): boolean {
    return !this.#hasLeft() || signalGroup(this.pid, this.#startTime, 0);
  }
}

/**
 * Signals a group, also one that cannot be looked at; false when nothing of it is left. A pid that now belongs to a younger process is
 * not touched: while a group has members its number is not given away, so a leader with another start time means that ours is gone.
 */
export function signalGroup(pid: number, startTime: string | undefined, signal: NodeJS.Signals | 0): boolean {
  const leader = processRow(pid);
  if (leader !== undefined && startTime !== undefined && leader.startTime !== startTime) return false;
  try {
    return process.kill(-pid, signal);
  } catch (cause) {
    // ESRCH: the group is empty, which is what was wanted. EPERM: there is somebody, who has become another user.
    return member(cause, "code") === "EPERM";
  }
}
