import type { JsonObject } from "../lib/json.ts";
import type { Submission } from "../protocol/admission.ts";
import type { ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError, toGatewayError } from "../protocol/errors.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { EndReason, OpenSession, Outlet, Reception, Session, Transport } from "../protocol/session.ts";
import type { CallerHeaders, Connect, OpenRequest, Upstream } from "../protocol/upstream.ts";
import { admit, CallerBinding, wakes } from "./admission.ts";
import { ClientSide } from "./client-side.ts";
import type { SessionContext } from "./context.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchanges, renew } from "./exchanges.ts";
import { openUpstream } from "./open-upstream.ts";
import { Presence } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { Renewal } from "./renewal.ts";
import { SessionReporter } from "./reporter.ts";
import { Intake, type IntakeHost } from "./intake.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { SessionParts } from "./session-parts.ts";
import { ServerRequests } from "./server-requests.ts";
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
  readonly #exchanges = new Exchanges((exchange, outcome) => this.#reporter.exchange(exchange, outcome));
  readonly #serverRequests = new ServerRequests();
  readonly #recorder: Recorder;
  readonly #clientSide: ClientSide;
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
    this.#intake = this.#createIntake();
    this.lifecycle = new Lifecycle(parts, () => this.#stopServer());
    this.#renewal = new Renewal(parts);
    this.deadlines = new Deadlines(parts, {
      withdrawn: (cancellation) => this.#tellServer(cancellation),
      silent: (error) => this.lifecycle.loseProcess("server timeout", error),
    });
    const { presence, deadlines } = this;
    this.#clientSide = new ClientSide({
      parts,
      presence,
      deadlines,
      send: (frame, caller) => this.#upstream?.send(frame, caller),
    });
  }

  get clientRevision(): string | undefined {
    return this.#recorder.clientRevision;
  }

  /** Throws when the session is not that of this caller. */
  checkCaller(caller: CallerHeaders | undefined): void {
    this.#binding?.check(caller);
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

  #createIntake(): Intake | undefined {
    const { admission, limits } = this.#context;
    if (admission === undefined) return undefined;
    const host: IntakeHost = {
      check: (messages, reception) => this.#check(messages, reception),
      relay: (messages, reception, submission) => this.#relay(messages, reception, submission),
      answer: (messages, reception, error) => this.#clientSide.answer(messages, reception, error),
    };
    return new Intake(this, admission, host, limits.inFlight);
  }

  #check(messages: ClientMessages, reception: Reception): void {
    if (this.lifecycle.isOver) throw new GatewayError("session_not_found", "The session has ended.");
    this.checkCaller(reception.caller);
    const { inFlight } = this.#context.limits;
    admit(messages, { exchanges: this.#exchanges, revision: this.#recorder.revision, inFlight });
  }

  #relay(messages: ClientMessages, reception: Reception, submission: Submission | undefined): void {
    if (this.#upstream === undefined && this.lifecycle.canHibernate && !wakes(messages)) return;
    this.#upstream ??= this.#open(this.#greets(messages), reception.caller);
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

  #open(clientGreets: boolean, caller: CallerHeaders | undefined): Upstream {
    const { host, limits } = this.#context;
    host.onOpening(this);
    this.deadlines.started();
    const record = clientGreets ? undefined : this.#recorder.recallOr(() => host.recordFor(this));
    const upstream = openUpstream({
      connect: this.#connect,
      destination: { server: this.server, sessionId: this.id, principal: this.principal, caller },
      listener: {
        frame: (frame) => this.#fromServer(frame),
        spoken: () => this.deadlines.spoken(),
        badMessage: (id, error, open) => this.#onBadMessage(id, error, open, caller),
        ended: (error, open = []) => this.#onEnded(error, open, caller),
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

  /** Whether the client initializes the server itself. `ping` may precede `initialize` (MCP, lifecycle). */
  #greets({ frames: [first] }: ClientMessages): boolean {
    if (this.transport === "rest" || this.transport === "modern") return true;
    return first?.kind === "request" && (first.method === methods.initialize || first.method === methods.ping);
  }

  #onBadMessage(id: RequestId | undefined, error: GatewayError, open?: OpenRequest, caller?: CallerHeaders): void {
    const [again] = open === undefined ? [] : this.#renewal.again([open]);
    if (again === undefined) return this.#exchanges.fail(id, error);
    this.#renewal.later(() => {
      if (this.#upstream === undefined) this.#exchanges.fail(id, error);
      else if (this.#exchanges.has(again.id)) this.#upstream.send(again, caller);
    });
  }

  /** A server that has forgotten the session is told of it again, and the client does not notice. */
  #onEnded(error: GatewayError, open: readonly OpenRequest[], caller: CallerHeaders | undefined): void {
    const again = this.#renewal.again(open);
    if (!this.#renewal.renews(error, again)) return this.lifecycle.loseProcess("server ended", error);
    const kept = new Set(again.map(({ id }) => id));
    for (const { id } of this.#exchanges.all()) if (!kept.has(id)) this.#exchanges.fail(id, error);
    void this.#stopServer();
    try {
      this.#upstream = this.#open(false, caller);
      for (const frame of again) this.#upstream.send(frame, caller);
    } catch (thrown) {
      this.lifecycle.loseProcess("server ended", toGatewayError(thrown));
    }
  }

  #fromServer(frame: Frame): void {
    if (this.lifecycle.isOver) return;
    this.deadlines.spoken();
    // An HTTP+SSE client is present as long as its stream is open, so messages to it count as activity.
    if (this.transport === "sse") this.presence.touch();
    this.#reporter.message("server", frame, undefined);
    switch (frame.kind) {
      case "response":
        return this.#answer(frame);
      case "request":
        return this.#ask(frame);
      case "notification":
        if (frame.method === methods.toolsChanged) this.#context.onToolsChanged(this.server);
        return this.#notify(frame);
    }
  }

  #answer(frame: ResponseFrame): void {
    this.#recorder.response(frame);
    // Late, duplicate, or with an unknown id: no exchange waits for it.
    const exchange = this.#exchanges.answer(frame);
    if (exchange === undefined) return;
    this.presence.touch();
    // Initialization failed, so there is no reason to keep the process.
    const isOpening = exchange.method === methods.initialize && this.transport !== "modern";
    if (frame.failed && isOpening) void this.close("refused");
  }

  #ask(frame: RequestFrame): void {
    // Answered here, because clients respond to pings late or never (LibreChat drops quick ones) and the server only checks the connection.
    if (frame.method === methods.ping) {
      return this.#tellServer({ kind: "response", id: frame.id, failed: false, line: resultLine(frame.id, {}) });
    }
    this.#serverRequests.add(frame.id, performance.now());
    this.#outlet.deliver(frame);
  }

  /** Progress goes to its request and restarts the request's timeout, within the maximum duration. */
  #notify(frame: NotificationFrame): void {
    if (this.#context.screen?.delivers(this.#speaker, this.server, frame) === false) return;
    const isProgress = frame.method === methods.progress;
    const exchange = isProgress ? this.#exchanges.withToken(frame.params?.["progressToken"]) : undefined;
    if (exchange === undefined) return this.#deliver(frame);
    renew(exchange, performance.now(), this.#context.limits.requestMaxMs);
    exchange.reply.message(frame);
  }

  #deliver(frame: NotificationFrame): void {
    if (frame.method === methods.cancelled && this.#serverRequests.withdraw(frame.params))
      this.deadlines.answered(performance.now());
    this.#outlet.deliver(frame);
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
