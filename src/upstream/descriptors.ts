import { readdirSync, readFileSync } from "node:fs";
import { GatewayError } from "../protocol/errors.ts";

/** Six pipe ends, and what the system opens briefly while it starts a process. */
const START_DESCRIPTORS = 10;
/** Open for the lifetime of a session: three pipes of its process, and a connection. */
const SESSION_DESCRIPTORS = 4;
/** Reserved for responses, files and the reaper; no client request may use it up. */
const RESERVE = { share: 0.05, least: 8, most: 64 };
/** Used when there is no /proc: the smallest default limit among common systems. */
const UNKNOWN_LIMIT = 256;
/** Counting costs as much as a small call, so it is skipped for some starts while more is free than they and all connections need. */
const PLENTY = 8_192;
const UNCOUNTED_STARTS = 100;
const RETRY_MS = 5_000;

/**
 * The number of files and sockets this process may open (RLIMIT_NOFILE, getrlimit(2)), and how many are left. At the limit
 * nothing can be started, accepted or read, so new processes are refused earlier.
 */
export class Descriptors {
  readonly limit: number;
  readonly #reserve: number;
  /** How many more starts need no new count. */
  #uncounted = 0;

  constructor(limit = openFilesLimit()) {
    this.limit = limit;
    this.#reserve = Math.min(RESERVE.most, Math.max(RESERVE.least, Math.floor(limit * RESERVE.share)));
  }

  /** Throws when there are too few descriptors for one more process. */
  checkRoom(): void {
    if (this.#uncounted-- > 0) return;
    const free = this.limit - this.#reserve - (openDescriptors() ?? 0);
    this.#uncounted = free >= PLENTY ? UNCOUNTED_STARTS : 0;
    if (free >= START_DESCRIPTORS) return;
    throw new GatewayError("descriptors_exhausted", "The gateway has no room for another process; try again later.", {
      retryAfterMs: RETRY_MS,
    });
  }

  /** The maximum number of open connections that leaves descriptors for processes. */
  connections(wanted: number): number {
    const used = openDescriptors() ?? 0;
    const free = this.limit - this.#reserve - used;
    return Math.max(1, Math.min(wanted, Math.floor((free * 2) / 3)));
  }

  /** The number of further sessions that fit, besides the reserve and what is already open. */
  get sessions(): number {
    const free = this.limit - this.#reserve - START_DESCRIPTORS - (openDescriptors() ?? 0);
    return Math.max(0, Math.floor(free / SESSION_DESCRIPTORS));
  }
}

/** Node raises the soft limit to the hard limit when it starts, so this value is final. */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? UNKNOWN_LIMIT);
  } catch {
    // No /proc on this system.
    return UNKNOWN_LIMIT;
  }
}

/** Counted rather than tracked, so that descriptors opened by any other code are included. */
function openDescriptors(): number | undefined {
  try {
    // One of them is the listing itself.
    return readdirSync("/proc/self/fd").length - 1;
  } catch (error) {
    // With no descriptor left, the listing cannot be opened. Without /proc the number is unknown.
    return error instanceof Error && "code" in error && error.code !== "ENOENT" ? Number.POSITIVE_INFINITY : undefined;
  }
}
