import { setTimeout as sleep } from "node:timers/promises";
import { nanoid } from "nanoid";
import type { Admission } from "../protocol/admission.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Events } from "../protocol/events.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { Screen } from "../protocol/screen.ts";
import type {
  EndReason,
  Guest,
  OpenSession,
  ProcessRoom,
  ResumeSession,
  Session,
  SessionFacts,
  SessionTable,
  Transport,
} from "../protocol/session.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import type { SessionContext, SessionHost, SessionKey, SessionLimits } from "./context.ts";
import { Guests } from "./guests.ts";
import { plainRecord } from "./handshake.ts";
import { isLasting } from "./lifecycle.ts";
import type { SessionRecords } from "./records.ts";
import { evictionsFor, type RoomCaps } from "./room.ts";
import type { SessionRecord } from "./session-record.ts";
import { keyOf } from "./session-key.ts";
import { type IdleLimits, SessionTimers } from "./session-timers.ts";
import { LiveSession } from "./session.ts";

export interface TableLimits extends SessionLimits, IdleLimits, RoomCaps {
  /** Sessions without a process: each has an open stream, or had one a moment ago. */
  readonly streams: number;
}

export interface SessionsOptions {
  readonly connect: Connect;
  readonly settingsOf: (server: string) => ServerSettings;
  readonly limits: TableLimits;
  readonly records: SessionRecords;
  readonly clientVersion: string;
  readonly events: Events;
  readonly admission?: Admission | undefined;
  readonly screen?: Screen | undefined;
  readonly onListsChanged: (server: string) => void;
  readonly mayRepeat?: (server: string, tool: string) => boolean;
}

const POLL_MS = 50;

/** The session table: opens, finds and resumes sessions, ends or hibernates idle ones, and enforces the limits. */
export class Sessions implements SessionTable, SessionHost, ProcessRoom {
  readonly #limits: TableLimits;
  readonly #records: SessionRecords;
  readonly #clientVersion: string;
  readonly #context: SessionContext;
  readonly #live = new Map<string, LiveSession>();
  readonly #guests = new Guests();
  /** Processes that are being shut down. */
  readonly #endings = new Set<Promise<void>>();
  readonly #timers: SessionTimers;
  #isDraining = false;

  constructor({ records, clientVersion, ...options }: SessionsOptions) {
    this.#limits = options.limits;
    this.#records = records;
    this.#clientVersion = clientVersion;
    this.#context = { ...options, host: this };
    this.#timers = new SessionTimers({
      limits: options.limits,
      emit: options.events.emit,
      sessions: () => this.#live.values(),
      guests: this.#guests,
      release: (session) => this.#release(session, "idle"),
      touch: (session) => records.touch(session),
    });
  }

  /** Starts the timers. */
  start(): void {
    this.#timers.start();
  }

  get size(): number {
    return this.#live.size;
  }

  facts(): SessionFacts[] {
    const now = performance.now();
    return [...this.#live].map(([key, session]) => session.facts(key, now));
  }

  /** Ends a session for good, at the wish of an operator; undefined when there is no such session. */
  end(key: string): Promise<void> | undefined {
    return this.#live.get(key)?.close("ended by operator");
  }

  /** Ends the processes of a server. Sessions that can go on without hibernate, the others end. Resolves when all are gone. */
  async stop(server: string): Promise<void> {
    for (const guest of this.#guests.all) if (guest.server === server) guest.evict();
    const ended = [...this.#live.values()]
      .filter((session) => session.server === server && session.hasProcess)
      .map((session) => session.lifecycle.loseProcess("ended by operator", undefined));
    await Promise.all(ended);
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
    // The key contains the principal: another principal's session is indistinguishable from a missing one.
    return this.#live.get(keyOf({ principal, server, transport, id }));
  }

  find(principal: Principal, server: string, id: string, transport: Transport): Session {
    const session = this.look(principal, server, id, transport);
    if (session !== undefined) return session;
    throw new GatewayError("session_not_found", "No such session; it may have ended. Initialize a new one.");
  }

  resume(request: ResumeSession): Session {
    const { principal, server, id, transport } = request;
    const session = this.#live.get(keyOf(request));
    if (session !== undefined) {
      session.checkCaller(request.caller);
      return session;
    }
    const record = this.#isStateful(server) ? undefined : this.#records.find(request);
    if (record === undefined) return this.find(principal, server, id, transport);
    this.#refuseWhenDraining();
    const resumed = this.#add(id, request, record);
    resumed.checkCaller(request.caller);
    return resumed;
  }

  /** Refuses new sessions, gives running requests `graceMs`, then ends everything; records remain. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && [...this.#live.values()].some(({ presence }) => presence.isBusy))
      await sleep(POLL_MS);
    this.#timers.stop();
    await Promise.all([...this.#live.values()].map((session) => session.close("shutdown")));
    await Promise.all(this.#endings);
  }

  onOpening(session: SessionKey): void {
    if (!this.#isAggregate(session)) return this.#makeRoom(session);
    const others = [...this.#live.values()].filter((each) => each.hasProcess && this.#isAggregate(each));
    for (const other of evictionsFor(session, others, this.#streamCaps))
      void other.lifecycle.loseProcess("evicted", undefined);
  }

  enter(guest: Guest): void {
    this.#refuseWhenDraining();
    this.#makeRoom(guest);
    this.#guests.add(guest);
  }

  leave(guest: Guest): void {
    this.#guests.delete(guest);
  }

  onRecord(session: SessionKey, record: SessionRecord): void {
    if (isLasting(session.transport) && !this.#isStateful(session.server)) this.#records.keep(session, record);
  }

  recordFor(session: SessionKey): SessionRecord {
    // What was set since may have been set by another client of the same principal.
    const initialize = this.#records.find(session)?.initialize;
    return initialize === undefined ? plainRecord(this.#clientVersion) : { initialize };
  }

  onHibernated(session: SessionKey, ended: Promise<void>): void {
    this.#await(ended);
    this.#records.touch(session);
  }

  onClosing(session: SessionKey, reason: EndReason, ended: Promise<void>): void {
    this.#live.delete(keyOf(session));
    this.#await(ended);
    const isOver = reason === "ended by operator" || (reason === "client closed" && session.transport !== "sse");
    if (isOver) this.#records.forget(session);
  }

  #add(id: string, request: OpenSession, record?: SessionRecord): LiveSession {
    const others = [...this.#live.values()].filter(({ hasProcess }) => !hasProcess);
    for (const session of evictionsFor(request, others, this.#streamCaps)) this.#release(session, "evicted");
    // A generated id is unguessable (126 random bits) and only uses A-Za-z0-9_-: safe in a URL, a header and an SSE field.
    const session = new LiveSession(id, request, this.#context, record);
    this.#live.set(keyOf(session), session);
    session.opened();
    return session;
  }

  /** Room for another process, which may cost one that nobody has used for a while. */
  #makeRoom(newcomer: Pick<Guest, "principal" | "server">): void {
    const own = [...this.#live.values()].filter((each) => each.hasProcess && !this.#isAggregate(each));
    for (const occupant of evictionsFor<LiveSession | Guest>(newcomer, [...own, ...this.#guests.all], this.#limits)) {
      if ("evict" in occupant) occupant.evict();
      else void occupant.lifecycle.loseProcess("evicted", undefined);
    }
  }

  /** For sessions that have no process of their own. */
  get #streamCaps(): RoomCaps {
    return { sessions: this.#limits.streams, sessionsPerServer: Infinity, sessionsPerPrincipal: Infinity };
  }

  #isAggregate({ server }: Pick<SessionKey, "server">): boolean {
    return this.#context.settingsOf(server).isAggregate === true;
  }

  /** Discards a session without a process; its record remains if it has one. */
  #release(session: LiveSession, reason: "idle" | "evicted"): void {
    if (!session.lifecycle.canHibernate || session.presence.isConnected) return void session.close(reason);
    session.lifecycle.drop(reason);
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
}
