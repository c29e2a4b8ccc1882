import { setTimeout as sleep } from "node:timers/promises";
import { nanoid } from "nanoid";
import { GatewayError } from "../protocol/errors.ts";
import { guarded, type Events } from "../protocol/events.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { OpenSession, Session, SessionTable, Transport } from "../protocol/session.ts";
import type { Connect } from "../protocol/upstream.ts";
import type { SessionContext, SessionKey, SessionLimits } from "./context.ts";
import { evictionsFor, type RoomCaps } from "./room.ts";
import { LiveSession } from "./session.ts";

export interface TableLimits extends SessionLimits, RoomCaps {
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

/** The one table of sessions: opens, finds, ends the idle ones, keeps the caps. */
export class Sessions implements SessionTable {
  readonly #limits: TableLimits;
  readonly #context: SessionContext;
  readonly #live = new Map<string, LiveSession>();
  /** Of those that have ended, but whose servers are not yet gone. */
  readonly #closings = new Set<Promise<void>>();
  #sweeper: NodeJS.Timeout | undefined;
  #expirer: NodeJS.Timeout | undefined;
  #isDraining = false;

  constructor(options: SessionsOptions) {
    this.#limits = options.limits;
    this.#context = {
      ...options,
      onClosing: (key, closed) => {
        this.#live.delete(keyOf(key));
        this.#closings.add(closed);
        void closed.finally(() => this.#closings.delete(closed));
      },
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
    for (const session of evictionsFor(request, [...this.#live.values()], this.#limits)) void session.close("evicted");
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
    await Promise.all([...this.#live.values()].map((session) => session.close("shutdown")));
    await Promise.all(this.#closings);
  }

  #sweep(): void {
    const now = performance.now();
    this.#each((session) => {
      if (session.idleMs(now) >= this.#idleLimitMs(session)) void session.close("idle");
    });
  }

  #idleLimitMs({ transport }: LiveSession): number {
    return transport === "rest" ? this.#limits.restIdleMs : this.#limits.idleMs;
  }

  #expire(): void {
    const now = performance.now();
    this.#each((session) => session.expire(now));
  }

  /** What fails for one session keeps a clock from none of the others. */
  #each(work: (session: LiveSession) => void): void {
    const { emit } = this.#context.events;
    for (const session of this.#live.values())
      guarded(emit, `a clock failed for a session of "${session.server}"`, () => work(session));
  }
}

/** The id comes last, as only it may hold anything. */
function keyOf({ principal, server, transport, id }: SessionKey): string {
  return `${server}\n${transport}\n${principalKey(principal)}\n${id}`;
}
