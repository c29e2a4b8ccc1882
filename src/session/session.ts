import { GatewayError } from "../protocol/errors.ts";
import type { Events } from "../protocol/events.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { errorLine, notificationLine, resultLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { EndReason, OpenSession, Outlet, Reception, Session, Transport } from "../protocol/session.ts";
import type { Connect, Upstream } from "../protocol/upstream.ts";
import { Pending, type PendingRequest } from "./pending.ts";

export interface SessionLimits {
  /** From the first message to the server's first answer. */
  readonly startMs: number;
  readonly requestMs: number;
  /** The longest a request may last when progress keeps it alive. */
  readonly requestMaxMs: number;
  readonly inFlight: number;
}

export interface SessionContext {
  readonly connect: Connect;
  readonly limits: SessionLimits;
  readonly events: Events;
  /** No message goes through it any more; its server may still be ending. */
  readonly onClosing: (session: LiveSession) => void;
  readonly onClosed: (session: LiveSession) => void;
  /** Its server said that its tools are others now. */
  readonly onToolsChanged: (server: string) => void;
}

/** Server requests that a client leaves unanswered are forgotten beyond this many. */
const MAX_ASKED = 256;

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
  readonly #outlet: Outlet;
  readonly #pending = new Pending();
  /** Requests of the server that wait for the client's answer. */
  readonly #asked = new Set<RequestId>();
  #upstream: Upstream | undefined;
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
    this.#outlet = outlet(this);
  }

  get isBusy(): boolean {
    return this.#pending.size > 0;
  }

  idleMs(now: number): number {
    return this.isBusy ? 0 : now - this.#lastActiveAt;
  }

  receive(frame: Frame, { requestId, timeoutMs }: Reception): void {
    this.judge([frame]);
    this.#lastActiveAt = performance.now();
    this.#trace("client", frame, requestId);
    switch (frame.kind) {
      case "request":
        return this.#receiveRequest(frame, timeoutMs);
      case "notification":
        return this.#receiveNotification(frame);
      case "response":
        return this.#receiveResponse(frame);
    }
  }

  judge(frames: readonly Frame[]): void {
    if (this.#isClosing) throw new GatewayError("session_not_found", "The session has ended.");
    let requests = 0;
    for (const frame of frames) {
      if (frame.kind !== "request") continue;
      requests++;
      if (!this.#pending.has(frame.id)) continue;
      throw new GatewayError("invalid_request", "A request with this id is still waiting for its answer.");
    }
    const { inFlight } = this.#context.limits;
    if (this.#pending.size + requests <= inFlight) return;
    const message = `A session may have ${inFlight} requests in flight; wait for an answer.`;
    throw new GatewayError("queue_full", message, { retryAfterMs: 1_000 });
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
    for (const request of this.#pending.expired(now)) this.#timeOut(request, now);
  }

  #receiveRequest(frame: RequestFrame, timeoutMs: number | undefined): void {
    this.#send(frame);
    this.#requests++;
    const { limits } = this.#context;
    const ownMs = timeoutMs ?? limits.requestMs;
    this.#pending.add(frame, {
      now: this.#lastActiveAt,
      timeoutMs: ownMs,
      firstMs: this.#hasSpoken ? ownMs : limits.startMs,
    });
  }

  #receiveNotification(frame: NotificationFrame): void {
    this.#send(frame);
    if (frame.method !== methods.cancelled) return;
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    // The server need not answer any more (MCP, cancellation): nobody may be left waiting for it.
    if (this.#pending.take(id) !== undefined) this.#outlet.cancelled(id);
  }

  #receiveResponse(frame: ResponseFrame): void {
    // An answer to nothing: a server could take it for one to a later request of its own.
    if (!this.#asked.delete(frame.id)) return;
    this.#send(frame);
  }

  #send(frame: Frame): void {
    this.#upstream ??= this.#open();
    this.#upstream.send(frame.line);
  }

  #open(): Upstream {
    const upstream = this.#context.connect(
      { server: this.server, sessionId: this.id },
      {
        frame: (frame) => this.#fromServer(frame),
        badMessage: (id, error) => this.#answerWithError(id, error),
        ended: (error) => void this.#close("server ended", error),
      },
    );
    if (this.#isPaused) upstream.pause();
    return upstream;
  }

  #fromServer(frame: Frame): void {
    if (this.#isClosing) return;
    this.#hasSpoken = true;
    // HTTP+SSE has a session only as long as somebody listens: what is said there is not said to nobody.
    if (this.transport === "sse") this.#lastActiveAt = performance.now();
    this.#trace("server", frame, undefined);
    switch (frame.kind) {
      case "response":
        return this.#answer(frame);
      case "request":
        return this.#ask(frame);
      case "notification":
        if (frame.method === methods.toolsChanged) this.#context.onToolsChanged(this.server);
        return this.#outlet.deliver(frame, this.#ownerOf(frame));
    }
  }

  #answer(frame: ResponseFrame): void {
    // Late, doubled, or an answer to somebody else's id: nobody here waits for it.
    const request = this.#pending.take(frame.id);
    if (request === undefined) return;
    this.#lastActiveAt = performance.now();
    this.#outlet.deliver(frame, frame.id);
    // A server that refuses to begin has nothing to keep a process for.
    if (frame.failed && request.method === methods.initialize) void this.close("server ended");
  }

  #ask(frame: RequestFrame): void {
    // Clients may answer a ping late or never (LibreChat drops quick ones); that the server is heard is all it wants to know.
    if (frame.method === methods.ping) return this.#trySend(resultLine(frame.id, {}));
    if (this.#asked.size >= MAX_ASKED) this.#forgetOldestAsked();
    this.#asked.add(frame.id);
    this.#outlet.deliver(frame, undefined);
  }

  /** The request whose progress this is; its clock starts anew, up to the longest time allowed. */
  #ownerOf(frame: NotificationFrame): RequestId | undefined {
    if (frame.method !== methods.progress) return undefined;
    const request = this.#pending.withToken(frame.params?.["progressToken"]);
    if (request === undefined) return undefined;
    const renewed = Math.min(performance.now() + request.timeoutMs, request.sentAt + this.#context.limits.requestMaxMs);
    request.expiresAt = Math.max(request.expiresAt, renewed);
    return request.id;
  }

  #timeOut(request: PendingRequest, now: number): void {
    const { server, id: sessionId } = this;
    const afterMs = Math.round(now - request.sentAt);
    this.#context.events.emit({ type: "session.timeout", server, sessionId, method: request.method, afterMs });
    if (!this.#hasSpoken) {
      const message = `The MCP server "${server}" did not answer within ${afterMs} ms of its start.`;
      void this.#close("server timeout", new GatewayError("server_timeout", message, { code: "start_timeout" }));
      return;
    }
    const message = `The MCP server "${server}" did not answer ${request.method} within ${afterMs} ms.`;
    this.#answerWithError(request.id, new GatewayError("server_timeout", message));
    const { id } = request;
    if (typeof id === "bigint" || request.method === methods.initialize) return;
    this.#trySend(notificationLine(methods.cancelled, { requestId: id, reason: "timed out" }));
  }

  /** For what the gateway itself says to a server, which may not read it. */
  #trySend(line: string): void {
    try {
      this.#upstream?.send(line);
    } catch (cause) {
      this.#context.events.emit({
        type: "trouble",
        what: `"${this.server}" does not read what the gateway tells it`,
        cause,
      });
    }
  }

  #answerWithError(id: RequestId | undefined, error: GatewayError): void {
    if (id === undefined || this.#pending.take(id) === undefined) return;
    this.#outlet.deliver({ kind: "response", id, failed: true, line: errorLine(id, error), fault: error }, id);
  }

  #close(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    if (!this.#isClosing) {
      // Before anything else, as an outlet may close its session again from within `ended`.
      this.#isClosing = true;
      this.#context.onClosing(this);
      this.#closed = this.#end(reason, error);
    }
    return this.#closed;
  }

  async #end(reason: EndReason, error: GatewayError | undefined): Promise<void> {
    try {
      this.#tellOutlet(reason, error);
    } catch (cause) {
      // Its server must end whatever becomes of the client's side.
      this.#context.events.emit({
        type: "trouble",
        what: `the client of "${this.server}" could not be told of the end`,
        cause,
      });
    }
    const { server, id: sessionId, transport } = this;
    this.#context.events.emit({
      type: "session.closed",
      server,
      sessionId,
      transport,
      reason,
      requests: this.#requests,
    });
    await this.#upstream?.close();
    this.#context.onClosed(this);
  }

  #tellOutlet(reason: EndReason, error: GatewayError | undefined): void {
    const why = error ?? new GatewayError("session_ended", `The session ended (${reason}).`);
    for (const { id } of this.#pending.all()) this.#answerWithError(id, why);
    this.#outlet.ended(reason, error);
  }

  #forgetOldestAsked(): void {
    for (const id of this.#asked) {
      this.#asked.delete(id);
      return;
    }
  }

  #trace(from: "client" | "server", { line }: Frame, requestId: string | undefined): void {
    const { events } = this.#context;
    if (!events.tracing) return;
    events.emit({ type: "session.message", server: this.server, sessionId: this.id, from, line, requestId });
  }
}
