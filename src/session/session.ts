import type { ClientMessages } from "../protocol/client-frame.ts";
import { revisionIn } from "../protocol/eras/revisions.ts";
import { GatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Exchange, Reply } from "../protocol/exchange.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import { resultOf } from "../protocol/result-text.ts";
import type { EndReason, OpenSession, Outlet, Reception, Session, Transport } from "../protocol/session.ts";
import type { Upstream } from "../protocol/upstream.ts";
import { admit } from "./admission.ts";
import type { SessionContext } from "./context.ts";
import { Exchanges, renew, replyThrough } from "./exchanges.ts";
import { SessionReporter } from "./reporter.ts";
import { ServerRequests } from "./server-requests.ts";

/**
 * Pumps one conversation both ways between its outlet (the client) and its upstream (the server), which it opens at the first
 * message. Lines go through as they came; what the session itself knows is who waits for which answer.
 */
export class LiveSession implements Session {
  readonly id: string;
  readonly server: string;
  readonly principal: Principal;
  readonly transport: Transport;
  readonly #context: SessionContext;
  readonly #reporter: SessionReporter;
  readonly #outlet: Outlet;
  /** Where answers go that have no reply of their own. */
  readonly #outletReply: Reply;
  readonly #exchanges = new Exchanges((exchange, outcome) => this.#reporter.exchange(exchange, outcome));
  readonly #serverRequests = new ServerRequests();
  #upstream: Upstream | undefined;
  /** What client and server agreed on in `initialize`. */
  #revision: string | undefined;
  /** Why its upstream ended by itself. */
  #upstreamError: GatewayError | undefined;
  #hasSpoken = false;
  #isPaused = false;
  #requests = 0;
  #lastActiveAt = performance.now();
  #isClosing = false;
  #closed: Promise<void> = Promise.resolve();

  constructor(id: string, { server, principal, transport, outlet }: OpenSession, context: SessionContext) {
    this.id = id;
    this.server = server;
    this.principal = principal;
    this.transport = transport;
    this.#context = context;
    this.#reporter = new SessionReporter(this, context.events);
    this.#outlet = outlet(this);
    this.#outletReply = replyThrough(this.#outlet);
  }

  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  idleMs(now: number): number {
    return this.isBusy ? 0 : now - this.#lastActiveAt;
  }

  waitsFor(id: RequestId): boolean {
    return this.#exchanges.has(id);
  }

  receive(messages: ClientMessages, reception: Reception): void {
    if (this.#isClosing) throw new GatewayError("session_not_found", "The session has ended.");
    const { inFlight } = this.#context.limits;
    admit(messages, { exchanges: this.#exchanges, revision: this.#revision, inFlight });
    this.#upstream ??= this.#open();
    // A start may be refused on the spot.
    if (this.#upstreamError !== undefined) throw this.#upstreamError;
    this.#upstream.checkRoom();
    this.#lastActiveAt = performance.now();
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
    return this.#close(reason, undefined);
  }

  /** Answers the requests whose time is over. */
  expire(now: number): void {
    for (const exchange of this.#exchanges.expired(now)) this.#timeOut(exchange, now);
  }

  #pass(frame: Frame, reception: Reception): void {
    this.#reporter.message("client", frame, reception.requestId);
    switch (frame.kind) {
      case "request":
        return this.#passRequest(frame, reception);
      case "notification":
        return this.#passNotification(frame);
      case "response":
        // An answer to nothing: a server could take it for one to a later request of its own.
        if (this.#serverRequests.take(frame.id)) this.#upstream?.send(frame);
    }
  }

  #passRequest(frame: RequestFrame, { requestId, reply = this.#outletReply, timeoutMs }: Reception): void {
    const { requestMs, startMs } = this.#context.limits;
    const ownMs = timeoutMs ?? requestMs;
    const firstMs = this.#hasSpoken ? ownMs : startMs;
    this.#requests++;
    this.#exchanges.open(frame, { requestId, reply, startedAt: this.#lastActiveAt, timeoutMs: ownMs, firstMs });
    this.#upstream?.send(frame);
  }

  #passNotification(frame: NotificationFrame): void {
    this.#upstream?.send(frame);
    if (frame.method !== methods.cancelled) return;
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    // The server need not answer any more (MCP, cancellation): nobody may be left waiting for it.
    this.#exchanges.cancel(id);
  }

  #open(): Upstream {
    const upstream = this.#context.connect(
      { server: this.server, sessionId: this.id, principal: this.principal },
      {
        frame: (frame) => this.#fromServer(frame),
        badMessage: (id, error) => this.#exchanges.fail(id, error),
        ended: (error) => {
          this.#upstreamError = error;
          void this.#close("server ended", error);
        },
      },
    );
    if (this.#isPaused) upstream.pause();
    return upstream;
  }

  #fromServer(frame: Frame): void {
    if (this.#isClosing) return;
    this.#hasSpoken = true;
    // On HTTP+SSE the client is there as long as its stream is: what it is sent counts as activity.
    if (this.transport === "sse") this.#lastActiveAt = performance.now();
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
    // Late, doubled, or an answer to somebody else's id: nobody here waits for it.
    const exchange = this.#exchanges.answer(frame);
    if (exchange === undefined) return;
    this.#lastActiveAt = performance.now();
    if (exchange.method !== methods.initialize) return;
    // A server that refuses to begin has nothing to keep a process for.
    if (frame.failed) void this.close("server ended");
    else this.#revision = revisionIn(resultOf(frame.line));
  }

  #ask(frame: RequestFrame): void {
    // Clients may answer a ping late or never (LibreChat drops quick ones); that the server is heard is all it wants to know.
    if (frame.method === methods.ping) {
      return this.#tellServer({ kind: "response", id: frame.id, failed: false, line: resultLine(frame.id, {}) });
    }
    this.#serverRequests.add(frame.id);
    this.#outlet.deliver(frame);
  }

  /** Progress goes to its request, whose clock starts anew, up to the longest time allowed. */
  #notify(frame: NotificationFrame): void {
    const isProgress = frame.method === methods.progress;
    const exchange = isProgress ? this.#exchanges.withToken(frame.params?.["progressToken"]) : undefined;
    if (exchange === undefined) return this.#outlet.deliver(frame);
    renew(exchange, performance.now(), this.#context.limits.requestMaxMs);
    exchange.reply.message(frame);
  }

  #timeOut({ id, method, startedAt }: Exchange, now: number): void {
    const { server } = this;
    const afterMs = Math.round(now - startedAt);
    this.#reporter.timeout(method, afterMs);
    if (!this.#hasSpoken) {
      const message = `The MCP server "${server}" did not answer within ${afterMs} ms of its start.`;
      void this.#close("server timeout", new GatewayError("start_timeout", message));
      return;
    }
    const message = `The MCP server "${server}" did not answer ${method} within ${afterMs} ms.`;
    this.#exchanges.fail(id, new GatewayError("call_timeout", message));
    if (typeof id === "bigint" || method === methods.initialize) return;
    const params = { requestId: id, reason: "timed out" };
    const line = notificationLine(methods.cancelled, params);
    this.#tellServer({ kind: "notification", method: methods.cancelled, params, line });
  }

  /** For what the gateway itself says to a server, which may not read it. */
  #tellServer(frame: Frame): void {
    try {
      this.#upstream?.checkRoom();
      this.#upstream?.send(frame);
    } catch (cause) {
      this.#reporter.trouble(`"${this.server}" does not read what the gateway tells it`, cause);
    }
  }

  #close(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    if (!this.#isClosing) {
      // Before anything else, as an outlet may close its session again from within `ended`.
      this.#isClosing = true;
      this.#closed = this.#end(reason, error);
      this.#context.onClosing(this, this.#closed);
    }
    return this.#closed;
  }

  async #end(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    const why = error ?? new GatewayError("session_ended", `The session ended (${reason}).`);
    const { emit } = this.#context.events;
    // Its server must end whatever becomes of the client's side.
    const what = `the client of "${this.server}" could not be told of the end`;
    for (const { id } of this.#exchanges.all()) guarded(emit, what, () => this.#exchanges.fail(id, why));
    guarded(emit, what, () => this.#outlet.ended(reason, error));
    this.#reporter.closed(reason, this.#requests);
    try {
      await this.#upstream?.close();
    } catch (cause) {
      this.#reporter.trouble(`a process of "${this.server}" could not be ended`, cause);
    }
  }
}
