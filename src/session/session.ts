import type { JsonObject } from "../lib/json.ts";
import type { ClientMessages } from "../protocol/client-frame.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Reply } from "../protocol/exchange.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { EndReason, OpenSession, Outlet, Reception, Session, Transport } from "../protocol/session.ts";
import { withTraceContext } from "../protocol/trace-meta.ts";
import type { Upstream } from "../protocol/upstream.ts";
import { admit, wakes } from "./admission.ts";
import type { SessionContext } from "./context.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchanges, renew, replyThrough } from "./exchanges.ts";
import { openUpstream } from "./open-upstream.ts";
import { Presence } from "./presence.ts";
import { Recorder } from "./recorder.ts";
import { SessionReporter } from "./reporter.ts";
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
  readonly presence: Presence;
  readonly deadlines: Deadlines;
  readonly lifecycle: Lifecycle;
  readonly #context: SessionContext;
  readonly #reporter: SessionReporter;
  readonly #outlet: Outlet;
  /** For responses to requests that have no reply of their own. */
  readonly #outletReply: Reply;
  readonly #exchanges = new Exchanges((...ended) => this.#reporter.exchange(...ended));
  readonly #serverRequests = new ServerRequests();
  readonly #recorder: Recorder;
  #upstream: Upstream | undefined;
  #isPaused = false;

  /** `record` is the state from before a hibernation or a restart. */
  constructor(id: string, request: OpenSession, context: SessionContext, record?: SessionRecord) {
    this.id = id;
    this.server = request.server;
    this.principal = request.principal;
    this.transport = request.transport;
    this.#context = context;
    this.#reporter = new SessionReporter(this, context.events);
    this.#recorder = new Recorder(record, (changed) => context.host.onRecord(this, changed));
    this.#outlet = request.outlet(this);
    this.#outletReply = replyThrough(this.#outlet);
    this.presence = new Presence(this.#outlet, this.#exchanges, this.#recorder);
    const parts: SessionParts = {
      session: this,
      context,
      settings: context.settingsOf(request.server),
      outlet: this.#outlet,
      exchanges: this.#exchanges,
      serverRequests: this.#serverRequests,
      recorder: this.#recorder,
      reporter: this.#reporter,
    };
    this.lifecycle = new Lifecycle(parts, () => this.#stopServer());
    this.deadlines = new Deadlines(parts, {
      withdrawn: (cancellation) => this.#tellServer(cancellation),
      silent: (error) => this.lifecycle.loseProcess("server timeout", error),
    });
  }

  get clientRevision(): string | undefined {
    return this.#recorder.clientRevision;
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

  receive(messages: ClientMessages, reception: Reception): void {
    if (this.lifecycle.isOver) throw new GatewayError("session_not_found", "The session has ended.");
    const { inFlight } = this.#context.limits;
    admit(messages, { exchanges: this.#exchanges, revision: this.#recorder.revision, inFlight });
    if (this.#upstream === undefined && this.lifecycle.canHibernate && !wakes(messages)) return;
    this.#upstream ??= this.#open(messages, reception.requestId);
    this.#upstream.checkRoom();
    this.presence.touch();
    for (const frame of messages.frames) this.#pass(frame, reception);
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

  #open(messages: ClientMessages, requestId: string): Upstream {
    const { connect, host, limits } = this.#context;
    host.onOpening(this);
    this.deadlines.started();
    const record = this.#greets(messages) ? undefined : this.#recorder.recallOr(() => host.recordFor(this));
    const upstream = openUpstream({
      connect,
      destination: { server: this.server, sessionId: this.id, principal: this.principal, requestId },
      listener: {
        frame: (frame) => this.#fromServer(frame),
        badMessage: (id, error) => this.#exchanges.fail(id, error),
        ended: (error) => this.lifecycle.loseProcess("server ended", error),
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
    if (this.transport === "rest") return true;
    return first?.kind === "request" && (first.method === methods.initialize || first.method === methods.ping);
  }

  #pass(frame: Frame, reception: Reception): void {
    this.#reporter.message("client", frame, reception.requestId);
    this.#recorder.message(frame);
    switch (frame.kind) {
      case "request":
        return this.#passRequest(frame, reception);
      case "notification":
        return this.#passNotification(frame);
      case "response":
        return this.#passResponse(frame);
    }
  }

  #passRequest(frame: RequestFrame, { requestId, reply = this.#outletReply, timeoutMs }: Reception): void {
    const times = this.deadlines.timesFor(timeoutMs);
    const span = this.#reporter.call(frame, requestId);
    this.#exchanges.open(frame, { requestId, reply, startedAt: this.presence.activeAt, ...times, span });
    const context = span?.context;
    this.#upstream?.send(context === undefined ? frame : withTraceContext(frame, context));
  }

  #passNotification(frame: NotificationFrame): void {
    this.#upstream?.send(frame);
    if (frame.method !== methods.cancelled) return;
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    // The server need not respond to a cancelled request (MCP, utilities, cancellation), so the exchange ends here.
    this.#exchanges.cancel(id);
  }

  #passResponse(frame: ResponseFrame): void {
    // Not relayed: the server could take it for the response to a later request of its own.
    if (!this.#serverRequests.take(frame.id)) return;
    this.#upstream?.send(frame);
    this.deadlines.answered(this.presence.activeAt);
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
    if (frame.failed && exchange.method === methods.initialize) void this.close("refused");
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
    const isProgress = frame.method === methods.progress;
    const exchange = isProgress ? this.#exchanges.withToken(frame.params?.["progressToken"]) : undefined;
    if (exchange === undefined) return this.#outlet.deliver(frame);
    renew(exchange, performance.now(), this.#context.limits.requestMaxMs);
    exchange.reply.message(frame);
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
