import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ProcessUsage, ServerProcessFacts } from "../protocol/upstream.ts";

/** How many files are read before other work gets its turn. */
const AT_ONCE = 50;
/** Readings within this time are shared. */
const FRESH_MS = 500;
/** USER_HZ: 100 on every architecture that Node supports (proc(5), sysconf(3)). */
const TICKS_PER_SECOND = 100;

interface Row {
  readonly pid: number;
  /** The id of its session, which is the pid of its server's process: each of them leads a session of its own (setsid(2)). */
  readonly root: number;
  /** Distinguishes it from a later process with the same pid. */
  readonly startTime: string;
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** What the processes of servers use, children included, as the system lists it in /proc. Nothing where there is no /proc. */
export class UsageReader {
  readonly #running: () => readonly Pick<ServerProcessFacts, "pid" | "server">[];
  readonly #proc: string;
  #pageBytes: number | undefined;
  /** What each process had used at the last reading, by pid and start time; only of those that were running then. */
  #before = new Map<string, number>();
  readonly #cpuSeconds = new Map<string, number>();
  #reading: Promise<ProcessUsage> | undefined;
  #latest: { readonly usage: ProcessUsage; readonly at: number } | undefined;

  constructor(running: () => readonly Pick<ServerProcessFacts, "pid" | "server">[], proc = "/proc") {
    this.#running = running;
    this.#proc = proc;
  }

  read(): Promise<ProcessUsage> {
    if (this.#latest !== undefined && performance.now() - this.#latest.at < FRESH_MS)
      return Promise.resolve(this.#latest.usage);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<ProcessUsage> {
    const servers = new Map(this.#running().map(({ pid, server }) => [pid, server]));
    const bytes = new Map<number, number>();
    const now = new Map<string, number>();
    const rows = servers.size === 0 ? [] : await this.#rows();
    for (const row of rows) {
      const server = servers.get(row.root);
      if (server === undefined) continue;
      bytes.set(row.root, (bytes.get(row.root) ?? 0) + row.bytes);
      const key = `${row.pid} ${row.startTime}`;
      now.set(key, row.cpuSeconds);
      const more = row.cpuSeconds - (this.#before.get(key) ?? 0);
      this.#cpuSeconds.set(server, (this.#cpuSeconds.get(server) ?? 0) + Math.max(0, more));
    }
    this.#before = now;
    const usage = { bytes, cpuSeconds: this.#cpuSeconds };
    this.#latest = { usage, at: performance.now() };
    return usage;
  }

  async #rows(): Promise<Row[]> {
    const rows: Row[] = [];
    this.#pageBytes ??= pageBytes(this.#proc);
    const pids = pidsIn(this.#proc);
    for (let at = 0; at < pids.length; at += AT_ONCE) {
      rows.push(...pids.slice(at, at + AT_ONCE).flatMap((pid) => this.#row(pid) ?? []));
      await nextTurn();
    }
    return rows;
  }

  #row(pid: number): Row | undefined {
    const stat = read(`${this.#proc}/${pid}/stat`);
    // The command name is in parentheses and may contain any character: the fields start after the last parenthesis (proc(5)).
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
    const [session, userTicks, systemTicks, startTime, pages] = [3, 11, 12, 19, 21].map((index) => fields[index]);
    if (startTime === undefined || this.#pageBytes === undefined) return undefined;
    return {
      pid,
      root: Number(session),
      startTime,
      cpuSeconds: (Number(userTicks) + Number(systemTicks)) / TICKS_PER_SECOND,
      bytes: Number(pages) * this.#pageBytes,
    };
  }
}

function pidsIn(proc: string): number[] {
  try {
    return readdirSync(proc).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    // No /proc on this system, or not for this user.
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // The process has exited since the listing, or the system hides it.
    return undefined;
  }
}

/** The gateway's own memory, in bytes and in pages, tells how large a page is: 4, 16 or 64 KiB. */
function pageBytes(proc: string): number | undefined {
  const pages = Number(read(`${proc}/self/statm`)?.split(" ")[1]);
  return pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : undefined;
}
