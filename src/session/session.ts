import type { JsonObject } from "../lib/json.ts";
import type { Submission } from "../protocol/admission.ts";
import type { ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Frame } from "../protocol/frame.ts";
import { notificationLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type {
  EndReason,
  OpenSession,
  Outlet,
  Reception,
  Session,
  SessionFacts,
  Transport,
} from "../protocol/session.ts";
import type { CallerHeaders, Connect, Upstream } from "../protocol/upstream.ts";
import { admit, CallerBinding, greets, wakes } from "./admission.ts";
import { ClientSide } from "./client-side.ts";
import type { SessionContext } from "./context.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchanges } from "./exchanges.ts";
import { openUpstream } from "./open-upstream.ts";
import { Presence } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { Renewal } from "./renewal.ts";
import { SessionReporter } from "./reporter.ts";
import { Intake, type IntakeHost } from "./intake.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { SessionParts } from "./session-parts.ts";
import { ServerRequests } from "./server-requests.ts";
import { ServerSide } from "./server-side.ts";
import type { SessionRecord } from "./session-record.ts";

/**
 * Relays messages both ways between its outlet (the client) and its server, to which it connects at the first message. Lines are
 * relayed unchanged; the session itself only tracks which request waits for which response. It outlives its server's process:
 * without one it hibernates, and the next message starts a new process.
 */
export class LiveSession implements Session {
  readonly id: string;
  readonly server: string;
  readonly principal: Principal;
  readonly transport: Transport;
  readonly idleMs: number | undefined;
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  readonly lifecycle: Lifecycle;
  readonly #context: SessionContext;
  readonly #connect: Connect;
  readonly #reporter: SessionReporter;
  readonly #outlet: Outlet;
  readonly #exchanges = new Exchanges((...ended) => this.#reporter.exchange(...ended));
  readonly #serverRequests = new ServerRequests();
  readonly #recorder: Recorder;
  readonly #clientSide: ClientSide;
  readonly #serverSide: ServerSide;
  /** Undefined when nothing is asked about messages. */
  readonly #intake: Intake | undefined;
  readonly #renewal: Renewal;
  #upstream: Upstream | undefined;
  #isPaused = false;
  /** The principal of the latest request, whose claims may be newer than those with which the session was opened. */
  #speaker: Principal;
  /** Set when its server is filled in from the caller. */
  readonly #binding: CallerBinding | undefined;

  /** `record` is the state from before a hibernation or a restart. */
  constructor(id: string, request: OpenSession, context: SessionContext, record?: SessionRecord) {
    this.id = id;
    this.server = request.server;
    this.principal = request.principal;
    this.#speaker = request.principal;
    this.transport = request.transport;
    this.idleMs = request.idleMs;
    this.#context = context;
    this.#connect = request.connect ?? context.connect;
    this.#reporter = new SessionReporter(this, context.events);
    const settings = context.settingsOf(request.server);
    this.#binding = CallerBinding.of(settings, this.principal, record?.caller);
    const kept = (changed: SessionRecord): SessionRecord => ({ ...changed, caller: this.#binding?.digest });
    this.#recorder = new Recorder(record, (changed) => context.host.onRecord(this, kept(changed)));
    this.#outlet = request.outlet(this);
    this.presence = new Presence(this.#outlet, this.#exchanges, this.#recorder);
    const parts: SessionParts = {
      session: this,
      context,
      settings,
      outlet: this.#outlet,
      exchanges: this.#exchanges,
      serverRequests: this.#serverRequests,
      recorder: this.#recorder,
      reporter: this.#reporter,
    };
    const host: IntakeHost = {
      check: (messages, reception) => this.#check(messages, reception),
      relay: (messages, reception, submission) => this.#relay(messages, reception, submission),
      answer: (messages, reception, error) => this.#clientSide.answer(messages, reception, error),
    };
    const { admission, limits } = context;
    this.#intake = admission && new Intake(this, admission, host, limits.inFlight);
    this.lifecycle = new Lifecycle(parts, () => this.#stopServer());
    this.#renewal = new Renewal(parts, {
      upstream: () => this.#upstream,
      reopen: (caller) => this.#reopen(caller),
      lost: (error) => void this.lifecycle.loseProcess("server ended", error),
    });
    this.deadlines = new Deadlines(parts, {
      withdrawn: (cancellation) => this.#tellServer(cancellation),
      silent: (error) => void this.lifecycle.loseProcess("server timeout", error),
    });
    const common = { parts, presence: this.presence, deadlines: this.deadlines };
    this.#clientSide = new ClientSide({
      ...common,
      send: (frame, caller) => this.#upstream?.send(frame, caller),
    });
    this.#serverSide = new ServerSide({
      ...common,
      speaker: () => this.#speaker,
      send: (frame) => this.#tellServer(frame),
      refused: () => void this.close("refused"),
    });
  }

  get clientRevision(): string | undefined {
    return this.#recorder.clientRevision;
  }

  /** The session is one of the table's now. */
  opened(): void {
    this.#reporter.opened();
  }

  /** Throws when the session is not that of this caller. */
  checkCaller(caller: CallerHeaders | undefined): void {
    this.#binding?.check(caller);
  }

  /** `now` is monotonic. */
  facts(key: string, now: number): SessionFacts {
    return this.#reporter.facts(key, now, { hasProcess: this.hasProcess, idleMs: this.presence.idleMs(now) });
  }

  get hasProcess(): boolean {
    return this.#upstream !== undefined;
  }

  waitsFor(id: RequestId): boolean {
    return this.#exchanges.has(id);
  }

  timeLeft(id: RequestId): number | undefined {
    return this.deadlines.timeLeft(id, performance.now());
  }

  receive(messages: ClientMessages, reception: Reception): Promise<void> | void {
    if (this.#intake !== undefined) return this.#intake.take(messages, reception);
    this.#check(messages, reception);
    this.#relay(messages, reception, undefined);
  }

  #check(messages: ClientMessages, reception: Reception): void {
    if (this.lifecycle.isOver) throw new GatewayError("session_not_found", "The session has ended.");
    this.checkCaller(reception.caller);
    const { inFlight } = this.#context.limits;
    admit(messages, { exchanges: this.#exchanges, revision: this.#recorder.revision, inFlight });
  }

  #relay(messages: ClientMessages, reception: Reception, submission: Submission | undefined): void {
    if (this.#upstream === undefined && this.lifecycle.canHibernate && !wakes(messages)) return;
    this.#upstream ??= this.#open(greets(this.transport, messages), reception.caller, reception.requestId);
    this.#upstream.checkRoom();
    this.presence.touch();
    this.#speaker = reception.principal ?? this.#speaker;
    for (const frame of messages.frames) this.#clientSide.pass(frame, reception, submission);
  }

  pause(): void {
    this.#isPaused = true;
    this.#upstream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#upstream?.resume();
  }

  close(reason: EndReason): Promise<void> {
    return this.lifecycle.end(reason, undefined);
  }

  #open(clientGreets: boolean, caller: CallerHeaders | undefined, requestId?: string): Upstream {
    const { host, limits } = this.#context;
    host.onOpening(this);
    this.deadlines.started();
    const record = clientGreets ? undefined : this.#recorder.recallOr(() => host.recordFor(this));
    const upstream = openUpstream({
      connect: this.#connect,
      destination: { server: this.server, sessionId: this.id, principal: this.principal, caller, requestId },
      listener: {
        frame: (frame) => {
          if (!this.lifecycle.isOver) this.#serverSide.pass(frame);
        },
        spoken: () => this.deadlines.spoken(),
        badMessage: (id, error, open) => this.#renewal.badMessage(id, error, open, caller),
        ended: (error, open = []) => this.#renewal.ended(error, open, caller),
      },
      recorder: this.#recorder,
      record,
      heldBytes: limits.queueBytes,
      changed: (method) => this.#tellClient(method),
    });
    if (record !== undefined) this.#reporter.woken();
    if (this.#isPaused) upstream.pause();
    return upstream;
  }

  #reopen(caller: CallerHeaders | undefined): Upstream {
    void this.#stopServer();
    this.#upstream = this.#open(false, caller);
    return this.#upstream;
  }

  #tellClient(method: string, params?: JsonObject): void {
    this.#outlet.deliver({ kind: "notification", method, params, line: notificationLine(method, params) });
  }

  /** Sends a message of the gateway's own, which may fail when the server does not read. */
  #tellServer(frame: Frame): void {
    try {
      this.#upstream?.checkRoom();
      this.#upstream?.send(frame);
    } catch (cause) {
      this.#reporter.trouble(`"${this.server}" does not read what the gateway tells it`, cause);
    }
  }

  async #stopServer(): Promise<void> {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    // A new process may reuse these ids for other requests.
    for (const requestId of this.#serverRequests.takeAll()) {
      if (typeof requestId !== "bigint") this.#tellClient(methods.cancelled, { requestId });
    }
    await upstream?.close();
  }
}
