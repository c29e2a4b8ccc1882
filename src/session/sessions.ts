import { setTimeout as sleep } from "node:timers/promises";
import { nanoid } from "nanoid";
import { GatewayError } from "../protocol/errors.ts";
import type { Events } from "../protocol/events.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { OpenSession, Session, SessionTable, Transport } from "../protocol/session.ts";
import type { Connect } from "../protocol/upstream.ts";
import { LiveSession, type SessionContext, type SessionLimits } from "./session.ts";

export interface TableLimits extends SessionLimits {
  readonly sessions: number;
  readonly sessionsPerServer: number;
  readonly sessionsPerPrincipal: number;
  readonly idleMs: number;
  /** REST sessions: their callers rarely say goodbye. */
  readonly restIdleMs: number;
}

export interface SessionsOptions {
  readonly connect: Connect;
  readonly limits: TableLimits;
  readonly events: Events;
  readonly onToolsChanged: (server: string) => void;
}

const POLL_MS = 50;
const SWEEP_MS = 30_000;
/** At a cap only sessions that have been quiet for this long make room: a client between two calls is not pushed out. */
const EVICTABLE_AFTER_MS = 60_000;

/** The one table of sessions: opens, finds, ends the idle ones, keeps the caps. */
export class Sessions implements SessionTable {
  readonly #limits: TableLimits;
  readonly #context: SessionContext;
  readonly #live = new Map<string, LiveSession>();
  /** Ended, but their servers are not yet gone. */
  readonly #leaving = new Set<LiveSession>();
  #sweeper: NodeJS.Timeout | undefined;
  #expirer: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: SessionsOptions) {
    this.#limits = options.limits;
    this.#context = {
      ...options,
      onClosing: (session) => {
        this.#live.delete(keyOf(session));
        this.#leaving.add(session);
      },
      onClosed: (session) => this.#leaving.delete(session),
    };
  }

  /** Starts the clocks. */
  start(): void {
    const { idleMs, restIdleMs, requestMs, startMs } = this.#limits;
    this.#sweeper = setInterval(
      () => this.#sweep(),
      Math.min(SWEEP_MS, Math.max(20, Math.min(idleMs, restIdleMs) / 2)),
    );
    // One clock for all deadlines instead of a timer per call; it is late by a tenth of the shortest time at most.
    this.#expirer = setInterval(() => this.#expire(), Math.min(1_000, Math.max(20, Math.min(requestMs, startMs) / 10)));
  }

  get size(): number {
    return this.#live.size;
  }

  open(request: OpenSession): Session {
    if (this.#isDraining) throw new GatewayError("draining", "The gateway is shutting down.", { retryAfterMs: 5_000 });
    const { id, server, transport } = request;
    if (id !== undefined && this.look(request.principal, server, id, transport) !== undefined) {
      throw new GatewayError("invalid_request", "A session with this id is open already.");
    }
    this.#makeRoom(request);
    // Unguessable (126 random bits), and only A-Za-z0-9_-: fit for a URL, a header and an SSE field.
    const session = new LiveSession(id ?? nanoid(), request, this.#context);
    this.#live.set(keyOf(session), session);
    const { requestId } = request;
    const principal = principalKey(request.principal);
    const { events } = this.#context;
    events.emit({ type: "session.opened", server, sessionId: session.id, transport, principal, requestId });
    return session;
  }

  look(principal: Principal, server: string, id: string, transport: Transport): Session | undefined {
    // Somebody else's session has another key: it is exactly like one that never was.
    return this.#live.get(keyOf({ principal, server, transport, id }));
  }

  find(principal: Principal, server: string, id: string, transport: Transport): Session {
    const session = this.look(principal, server, id, transport);
    if (session !== undefined) return session;
    throw new GatewayError("session_not_found", "No such session; it may have ended. Initialize a new one.");
  }

  /** Opens no session any more, lets running requests have `graceMs`, then ends everything. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    clearInterval(this.#sweeper);
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && [...this.#live.values()].some((session) => session.isBusy))
      await sleep(POLL_MS);
    clearInterval(this.#expirer);
    await Promise.all([...this.#live.values(), ...this.#leaving].map((session) => session.close("shutdown")));
  }

  #sweep(): void {
    const now = performance.now();
    for (const session of this.#live.values()) {
      if (session.idleMs(now) >= this.#idleLimitMs(session)) void session.close("idle");
    }
  }

  #idleLimitMs({ transport }: LiveSession): number {
    return transport === "rest" ? this.#limits.restIdleMs : this.#limits.idleMs;
  }

  #expire(): void {
    const now = performance.now();
    for (const session of this.#live.values()) session.expire(now);
  }

  /** Makes room below every cap, or throws and lets everybody be. */
  #makeRoom({ server, principal }: OpenSession): void {
    const { sessions, sessionsPerServer, sessionsPerPrincipal } = this.#limits;
    const key = principalKey(principal);
    const all = [...this.#live.values()];
    const crowds: readonly (readonly [cap: number, crowd: readonly LiveSession[]])[] = [
      [sessionsPerPrincipal, all.filter((session) => principalKey(session.principal) === key)],
      [sessionsPerServer, all.filter((session) => session.server === server)],
      [sessions, all],
    ];
    const leaving = new Set<LiveSession>();
    for (const [cap, crowd] of crowds) {
      const staying = crowd.filter((session) => !leaving.has(session));
      if (staying.length >= cap) leaving.add(longestIdle(staying));
    }
    for (const session of leaving) void session.close("evicted");
  }
}

function longestIdle(crowd: readonly LiveSession[]): LiveSession {
  const now = performance.now();
  const [oldest] = crowd
    .filter((session) => session.idleMs(now) >= EVICTABLE_AFTER_MS)
    .toSorted((a, b) => b.idleMs(now) - a.idleMs(now));
  if (oldest !== undefined) return oldest;
  throw new GatewayError("too_many_sessions", "All sessions are in use; try again later.", { retryAfterMs: 10_000 });
}

interface SessionKey {
  readonly principal: Principal;
  readonly server: string;
  readonly transport: Transport;
  readonly id: string;
}

/** A session is its principal's and its server's: the id alone opens nothing. The id comes last, as only it may hold anything. */
function keyOf({ principal, server, transport, id }: SessionKey): string {
  return `${server}\n${transport}\n${principalKey(principal)}\n${id}`;
}
