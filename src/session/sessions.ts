import { setTimeout as sleep } from "node:timers/promises";
import { nanoid } from "nanoid";
import { GatewayError } from "../protocol/errors.ts";
import { guarded, type Events } from "../protocol/events.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { EndReason, OpenSession, ResumeSession, Session, SessionTable, Transport } from "../protocol/session.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import type { SessionContext, SessionHost, SessionKey, SessionLimits } from "./context.ts";
import { plainRecord } from "./handshake.ts";
import type { SessionRecords } from "./records.ts";
import { evictionsFor, type RoomCaps } from "./room.ts";
import type { SessionRecord } from "./session-record.ts";
import { LiveSession } from "./session.ts";

export interface TableLimits extends SessionLimits, RoomCaps {
  /** Sessions that have no process: each has an open stream, or had one until a moment ago. */
  readonly streams: number;
  readonly idleMs: number;
  /** Without a stream. */
  readonly orphanMs: number;
  /** REST sessions: their callers rarely say goodbye. */
  readonly restIdleMs: number;
  /** How long the record of a session is kept. */
  readonly retentionMs: number;
}

export interface SessionsOptions {
  readonly connect: Connect;
  readonly settingsOf: (server: string) => ServerSettings;
  readonly limits: TableLimits;
  readonly records: SessionRecords;
  readonly clientVersion: string;
  readonly events: Events;
  readonly onToolsChanged: (server: string) => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const POLL_MS = 50;
const SWEEP_MS = 10_000;
/** How often within `retention` the record of a live session is written anew, lest it grows old. */
const REFRESHES = 24;

/** The one table of sessions: opens, finds and resumes them, ends or puts to sleep the idle ones, keeps the caps. */
export class Sessions implements SessionTable, SessionHost {
  readonly #limits: TableLimits;
  readonly #records: SessionRecords;
  readonly #clientVersion: string;
  readonly #context: SessionContext;
  readonly #live = new Map<string, LiveSession>();
  /** Of servers that are not wanted any more, but not yet gone. */
  readonly #endings = new Set<Promise<void>>();
  #clocks: NodeJS.Timeout[] = [];
  #isDraining = false;

  constructor({ records, clientVersion, ...options }: SessionsOptions) {
    this.#limits = options.limits;
    this.#records = records;
    this.#clientVersion = clientVersion;
    this.#context = { ...options, host: this };
  }

  /** Starts the clocks. */
  start(): void {
    const { idleMs, orphanMs, restIdleMs, requestMs, startMs, retentionMs } = this.#limits;
    const shortest = Math.min(idleMs, orphanMs, restIdleMs);
    this.#every(Math.min(SWEEP_MS, Math.max(20, shortest / 2)), (session, now) => this.#sweep(session, now));
    // One clock for all deadlines instead of a timer per call; it is late by a tenth of the shortest time at most.
    const expiryMs = Math.min(1_000, Math.max(20, Math.min(requestMs, startMs) / 10));
    this.#every(expiryMs, (session, now) => session.deadlines.check(now));
    const refreshMs = Math.min(3_600_000, Math.max(1_000, retentionMs / REFRESHES));
    this.#every(refreshMs, (session) => this.#records.touch(session));
  }

  get size(): number {
    return this.#live.size;
  }

  open(request: OpenSession): Session {
    this.#refuseWhenDraining();
    const { id = nanoid(), server, transport } = request;
    if (this.look(request.principal, server, id, transport) !== undefined) {
      throw new GatewayError("invalid_request", "A session with this id is already open.");
    }
    const session = this.#add(id, request);
    const { requestId } = request;
    const principal = principalKey(request.principal);
    const { events } = this.#context;
    events.emit({ type: "session.opened", server, sessionId: id, transport, principal, requestId });
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

  resume(request: ResumeSession): Session {
    const { principal, server, id, transport } = request;
    const session = this.look(principal, server, id, transport);
    if (session !== undefined) return session;
    const record = this.#isStateful(server) ? undefined : this.#records.find(request);
    if (record === undefined) return this.find(principal, server, id, transport);
    this.#refuseWhenDraining();
    return this.#add(id, request, record);
  }

  /** Opens no session any more, lets running requests have `graceMs`, then ends everything; records stay. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && [...this.#live.values()].some(({ presence }) => presence.isBusy))
      await sleep(POLL_MS);
    for (const clock of this.#clocks.splice(0)) clearInterval(clock);
    await Promise.all([...this.#live.values()].map((session) => session.close("shutdown")));
    await Promise.all(this.#endings);
  }

  onOpening(session: SessionKey): void {
    const occupants = [...this.#live.values()].filter(({ hasProcess }) => hasProcess);
    for (const occupant of evictionsFor(session, occupants, this.#limits))
      occupant.lifecycle.loseProcess("evicted", undefined);
  }

  onRecord(session: SessionKey, record: SessionRecord): void {
    if (session.transport !== "rest" && !this.#isStateful(session.server)) this.#records.keep(session, record);
  }

  recordFor(session: SessionKey): SessionRecord {
    return this.#records.find(session) ?? plainRecord(this.#clientVersion);
  }

  onHibernated(session: SessionKey, ended: Promise<void>): void {
    this.#await(ended);
    this.#records.touch(session);
  }

  onClosing(session: SessionKey, reason: EndReason, ended: Promise<void>): void {
    this.#live.delete(keyOf(session));
    this.#await(ended);
    if (reason === "client closed" && session.transport !== "sse") this.#records.forget(session);
  }

  #add(id: string, request: OpenSession, record?: SessionRecord): LiveSession {
    const { streams } = this.#limits;
    const caps = { sessions: streams, sessionsPerServer: Infinity, sessionsPerPrincipal: Infinity };
    const others = [...this.#live.values()].filter(({ hasProcess }) => !hasProcess);
    for (const session of evictionsFor(request, others, caps)) this.#release(session, "evicted");
    // Unguessable (126 random bits) when it is ours, and only A-Za-z0-9_-: fit for a URL, a header and an SSE field.
    const session = new LiveSession(id, request, this.#context, record);
    this.#live.set(keyOf(session), session);
    return session;
  }

  #sweep(session: LiveSession, now: number): void {
    const { presence, lifecycle, transport } = session;
    const { idleMs, restIdleMs, orphanMs } = this.#limits;
    const mayGoEarly = transport !== "rest" && (lifecycle.canHibernate || !presence.isInitialized);
    const isOrphan = mayGoEarly && presence.absentMs(now) >= orphanMs;
    if (!session.hasProcess) {
      if (isOrphan) this.#release(session, "idle");
      return;
    }
    const isIdle = presence.idleMs(now) >= (transport === "rest" ? restIdleMs : idleMs);
    if (isOrphan || isIdle) lifecycle.loseProcess("idle", undefined);
  }

  /** A session without a process: its record is all that is worth keeping, if it has one. */
  #release(session: LiveSession, reason: "idle" | "evicted"): void {
    if (!session.lifecycle.canHibernate || session.presence.isConnected) return void session.close(reason);
    session.lifecycle.drop();
    this.#live.delete(keyOf(session));
  }

  #await(ended: Promise<void>): void {
    this.#endings.add(ended);
    void ended.finally(() => this.#endings.delete(ended));
  }

  #refuseWhenDraining(): void {
    if (this.#isDraining) throw new GatewayError("draining", "The gateway is shutting down.", { retryAfterMs: 5_000 });
  }

  #isStateful(server: string): boolean {
    return this.#context.settingsOf(server).isStateful;
  }

  /** What fails for one session keeps a clock from none of the others. */
  #every(ms: number, work: (session: LiveSession, now: number) => void): void {
    const { emit } = this.#context.events;
    const tick = (): void => {
      const now = performance.now();
      for (const session of this.#live.values())
        guarded(emit, `a timer failed for a session of "${session.server}"`, () => work(session, now));
    };
    this.#clocks.push(setInterval(tick, Math.min(ms, LONGEST_TIMER_MS)));
  }
}

/** The id comes last, as only it may hold anything. */
function keyOf({ principal, server, transport, id }: SessionKey): string {
  return `${server}\n${transport}\n${principalKey(principal)}\n${id}`;
}
