import { readdirSync, readFileSync } from "node:fs";
import { GatewayError } from "../protocol/errors.ts";

/** Three pipes of two ends each, and what the system opens for a moment while it starts a process. */
const START_DESCRIPTORS = 10;
/** What stays open as long as a session lives: three pipes of its process, and a connection. */
const SESSION_DESCRIPTORS = 4;
/** For answering, for opening files, for the reaper: nothing that a caller asks for may use it up. */
const RESERVE = { share: 0.05, least: 8, most: 64 };
/** Without /proc: the smallest limit that systems have by default. */
const UNKNOWN_LIMIT = 256;
const RETRY_MS = 5_000;

/**
 * How many files and sockets this process may have open (RLIMIT_NOFILE, getrlimit(2)), and what is left of them. At the limit nothing
 * can be started, accepted or read any more, so new processes are refused before.
 */
export class Descriptors {
  readonly limit: number;
  readonly #reserve: number;

  constructor(limit = openFilesLimit()) {
    this.limit = limit;
    this.#reserve = Math.min(RESERVE.most, Math.max(RESERVE.least, Math.floor(limit * RESERVE.share)));
  }

  /** Throws while there is no room for one more process. */
  checkRoom(): void {
    const used = openDescriptors();
    if (used === undefined || used + START_DESCRIPTORS + this.#reserve <= this.limit) return;
    throw new GatewayError("descriptors_exhausted", "The gateway has no room for another process; try again later.", {
      retryAfterMs: RETRY_MS,
    });
  }

  /** How many connections may be open, so that some of the limit is left for processes. */
  connections(wanted: number): number {
    const used = openDescriptors() ?? 0;
    const free = this.limit - this.#reserve - used;
    return Math.max(1, Math.min(wanted, Math.floor((free * 2) / 3)));
  }

  /** How many sessions fit beside the reserve and what is open now. */
  get sessions(): number {
    const free = this.limit - this.#reserve - START_DESCRIPTORS - (openDescriptors() ?? 0);
    return Math.max(0, Math.floor(free / SESSION_DESCRIPTORS));
  }
}

/** Node raises the soft limit to the hard one when it starts, so this is the last word. */
function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft ?? UNKNOWN_LIMIT);
  } catch {
    // No /proc on this system.
    return UNKNOWN_LIMIT;
  }
}

/** Counted, not kept in books: a socket, a file or a pipe that somebody else opened counts, too. */
function openDescriptors(): number | undefined {
  try {
    // One of them is the listing itself.
    return readdirSync("/proc/self/fd").length - 1;
  } catch (error) {
    // With none left the listing itself cannot be opened. Without /proc nobody can tell.
    return error instanceof Error && "code" in error && error.code !== "ENOENT" ? Number.POSITIVE_INFINITY : undefined;
  }
}
