import { guarded, type Emit } from "../protocol/events.ts";
import type { Guests } from "./guests.ts";
import { isLasting } from "./lifecycle.ts";
import type { SessionLimits } from "./context.ts";
import type { LiveSession } from "./session.ts";

export interface IdleLimits {
  readonly idleMs: number;
  /** The idle time after which a client without a stream is considered gone. */
  readonly orphanMs: number;
  /** For REST sessions, whose callers rarely end them. */
  readonly restIdleMs: number;
  /** How long the record of a session is kept. */
  readonly retentionMs: number;
}

interface TimedTable {
  readonly limits: IdleLimits & Pick<SessionLimits, "requestMs" | "startMs">;
  readonly emit: Emit;
  readonly sessions: () => Iterable<LiveSession>;
  readonly guests: Guests;
  /** Discards a session without a process. */
  readonly release: (session: LiveSession) => void;
  /** Renews the record of a session. */
  readonly touch: (session: LiveSession) => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const SWEEP_MS = 10_000;
/** How often within `retention` the record of a live session is renewed, so that it does not expire. */
const REFRESHES = 24;

/** What happens to the sessions of a table with time: they become idle, their requests time out, their records are renewed. */
export class SessionTimers {
  readonly #table: TimedTable;
  #clocks: NodeJS.Timeout[] = [];

  constructor(table: TimedTable) {
    this.#table = table;
  }

  start(): void {
    const { limits, guests, emit, touch } = this.#table;
    const { idleMs, orphanMs, restIdleMs, requestMs, startMs, retentionMs } = limits;
    const shortest = Math.min(idleMs, orphanMs, restIdleMs);
    const sweepMs = Math.min(SWEEP_MS, Math.max(20, shortest / 2));
    this.#every(sweepMs, (session, now) => this.#sweep(session, now));
    this.#clocks.push(setInterval(() => guests.sweep(idleMs, emit), sweepMs));
    // One timer for all deadlines instead of one per call; it fires late by at most a tenth of the shortest timeout.
    const expiryMs = Math.min(1_000, Math.max(20, Math.min(requestMs, startMs) / 10));
    this.#every(expiryMs, (session, now) => session.deadlines.check(now));
    const refreshMs = Math.min(3_600_000, Math.max(1_000, retentionMs / REFRESHES));
    this.#every(refreshMs, (session) => touch(session));
  }

  stop(): void {
    for (const clock of this.#clocks.splice(0)) clearInterval(clock);
  }

  #sweep(session: LiveSession, now: number): void {
    const { presence, lifecycle, transport } = session;
    const { limits, release } = this.#table;
    const { idleMs, restIdleMs, orphanMs } = limits;
    const mayGoEarly = isLasting(transport) && (lifecycle.canHibernate || !presence.isInitialized);
    const isOrphan = mayGoEarly && presence.absentMs(now) >= orphanMs;
    if (!session.hasProcess) {
      if (isOrphan) release(session);
      return;
    }
    const isIdle = presence.idleMs(now) >= (session.idleMs ?? (transport === "rest" ? restIdleMs : idleMs));
    if (isOrphan || isIdle) void lifecycle.loseProcess("idle", undefined);
  }

  /** An error in one session must not stop the timer for the others. */
  #every(ms: number, work: (session: LiveSession, now: number) => void): void {
    const { emit, sessions } = this.#table;
    const tick = (): void => {
      const now = performance.now();
      for (const session of sessions())
        guarded(emit, `a timer failed for a session of "${session.server}"`, () => work(session, now));
    };
    this.#clocks.push(setInterval(tick, Math.min(ms, LONGEST_TIMER_MS)));
  }
}
