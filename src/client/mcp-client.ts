import { cancellation } from "../protocol/cancellation.ts";
import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Reply } from "../protocol/exchange.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { errorLine, notificationLine, requestLine } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Quota } from "../protocol/quota.ts";
import { errorOf, resultOf } from "../protocol/result-text.ts";
import type { OpenSession, Outlet, Session, SessionOpener } from "../protocol/session.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import type { JsonObject } from "../lib/json.ts";
import { LONGEST_TIMER_MS } from "../lib/units.ts";

export interface ClientSettings {
  /** The gateway's version, for `clientInfo`. */
  readonly version: string;
  /** The maximum size of a server's list of tools, all pages together. */
  readonly listingBytes: number;
  /** How long a page of it may take, if less than a minute (`limits.request`). */
  readonly listingMs?: number;
}

export interface CallOptions {
  readonly requestId: string;
  readonly timeoutMs?: number | undefined;
  /** The caller on whose behalf the gateway sends this; without one it is a message of the gateway itself. */
  readonly principal?: Principal | undefined;
  /** Hears how much of its rate limit the caller has left. */
  readonly onQuota?: ((quota: Quota) => void) | undefined;
  /** Headers of the caller's request; by default those of the request that opened the session. */
  readonly caller?: CallerHeaders | undefined;
  /** Receives the progress of this call, and the server's log messages while it runs. */
  readonly onNotification?: ((frame: NotificationFrame) => void) | undefined;
}

/** A call in flight. `answer` rejects with a GatewayError when there is no response. */
export interface Call {
  readonly id: number;
  readonly answer: Promise<ResponseFrame>;
  /** Settles when it is decided whether the call is sent; undefined when it has been sent already. */
  readonly admitted: Promise<void> | undefined;
}

/** When to look again if a deadline was extended, as it is while the server waits for the client. */
const LOOK_MS = 20;

/** The reply to one call, as a promise. */
class CallReply implements Reply {
  readonly answered: Promise<ResponseFrame>;
  readonly onNotification: CallOptions["onNotification"];
  #timer: NodeJS.Timeout | undefined;
  #resolve: (frame: ResponseFrame) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(onNotification: CallOptions["onNotification"]) {
    this.onNotification = onNotification;
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  message(frame: NotificationFrame): void {
    this.onNotification?.(frame);
  }

  /** Looks at the time when it is over, unless the call is by then. */
  endIn(ms: number, look: () => void): void {
    if (ms <= LONGEST_TIMER_MS) this.#timer = setTimeout(look, Math.ceil(ms));
  }

  answer(frame: ResponseFrame): void {
    clearTimeout(this.#timer);
    this.#resolve(frame);
  }

  withdrawn(): void {
    this.refuse(new GatewayError("session_ended", "The call was cancelled."));
  }

  refuse(error: unknown): void {
    clearTimeout(this.#timer);
    this.#reject(error);
  }
}

/**
 * The gateway as the MCP client of a session, for callers without a session of their own (REST, the tool catalog): initializes
 * it, matches responses to calls by id, and declines the server's requests.
 */
export class McpClient implements Outlet {
  readonly session: Session;
  /** Always connected, because it is part of the gateway. */
  readonly isConnected = true;
  readonly settings: ClientSettings;
  /** Calls that receive the server's log messages, newest last. */
  readonly #listeners = new Set<CallReply>();
  /** Calls that wait for their admission. */
  readonly #waiting = new Set<number>();
  #initialized: Promise<JsonObject> | undefined;
  readonly #caller: CallerHeaders | undefined;
  #lastId = 0;
  #toolsChanged = false;

  constructor(sessions: SessionOpener, request: Omit<OpenSession, "outlet">, settings: ClientSettings) {
    this.settings = settings;
    this.#caller = request.caller;
    this.session = sessions.open({ ...request, outlet: () => this });
  }

  /** Whether the server announced a change of its tools since the last call of this method. */
  takeToolsChanged(): boolean {
    const changed = this.#toolsChanged;
    this.#toolsChanged = false;
    return changed;
  }

  /** Initializes the session on the first call; the result of `initialize`. */
  initialize(requestId: string): Promise<JsonObject> {
    this.#initialized ??= this.#handshake(requestId);
    return this.#initialized;
  }

  /** Sends a request. `paramsText` is sent unchanged; `params` is the parsed form for the session. */
  call(method: string, params: JsonObject, paramsText: string, options: CallOptions): Call {
    const id = ++this.#lastId;
    const line = requestLine(id, method, paramsText);
    const reply = new CallReply(options.onNotification);
    const { requestId, timeoutMs, principal, onQuota } = options;
    // A call on behalf of somebody has that caller's headers or none, never those of the caller who opened the session.
    const caller = principal === undefined ? (options.caller ?? this.#caller) : options.caller;
    const frame: Frame = { kind: "request", id, method, params, line };
    const reception = { requestId, timeoutMs, principal, onQuota, caller, reply, isOwn: principal === undefined };
    const received = this.session.receive({ frames: [frame], isBatch: false }, reception);
    const admitted = received instanceof Promise ? received : undefined;
    if (admitted !== undefined) this.#awaitAdmission(id, reply, admitted, timeoutMs);
    else this.#limitTime(id, reply, timeoutMs);
    return { id, admitted, answer: options.onNotification === undefined ? reply.answered : this.#listen(reply) };
  }

  /** Sends a request; throws when the response is an error. */
  async answerTo(method: string, params: JsonObject, options: CallOptions): Promise<ResponseFrame> {
    const frame = await this.call(method, params, JSON.stringify(params), options).answer;
    if (!frame.failed) return frame;
    if (frame.fault !== undefined) throw frame.fault;
    const { code, message } = errorOf(frame.line);
    throw new GatewayError("upstream_error", `The MCP server "${this.session.server}" refused ${method}.`, {
      data: { rpc: { code, message } },
    });
  }

  /** Cancels a request that is still open. */
  cancel(id: number, reason: string, requestId: string): void {
    if (!this.session.waitsFor(id) && !this.#waiting.has(id)) return;
    this.#send(cancellation(id, reason), requestId);
  }

  deliver(frame: Frame): void {
    if (frame.kind === "request") return this.#decline(frame);
    if (frame.kind === "response") return;
    if (frame.method === methods.toolsChanged) this.#toolsChanged = true;
    // A log message does not name a call; the newest listening one is the best guess.
    if (frame.method === methods.message) [...this.#listeners].at(-1)?.message(frame);
  }

  /** Nothing to do: the session has failed every open call by then. */
  ended(): void {}

  #awaitAdmission(id: number, reply: CallReply, admitted: Promise<void>, timeoutMs: number | undefined): void {
    this.#waiting.add(id);
    const over = (): boolean => this.#waiting.delete(id);
    admitted.then(
      () => over() && this.#limitTime(id, reply, timeoutMs),
      (error: unknown) => over() && reply.refuse(error),
    );
  }

  #limitTime(id: number, reply: CallReply, timeoutMs: number | undefined): void {
    if (timeoutMs !== undefined && this.session.waitsFor(id)) reply.endIn(timeoutMs, () => this.#endInTime(id, reply));
  }

  /** The clock of the sessions ticks for all of them, too slowly for one caller's own time. Progress may have prolonged that. */
  #endInTime(id: number, reply: CallReply): void {
    const leftMs = this.session.timeLeft(id);
    if (leftMs !== undefined) reply.endIn(Math.max(LOOK_MS, leftMs), () => this.#endInTime(id, reply));
  }

  async #listen(reply: CallReply): Promise<ResponseFrame> {
    this.#listeners.add(reply);
    try {
      return await reply.answered;
    } finally {
      this.#listeners.delete(reply);
    }
  }

  async #handshake(requestId: string): Promise<JsonObject> {
    const params = {
      protocolVersion: NEWEST_LEGACY_REVISION,
      capabilities: {},
      clientInfo: { name: "mcp-gateway", version: this.settings.version },
    };
    const result = await this.#sendInitialize(params, requestId);
    const line = notificationLine(methods.initialized);
    const frame: Frame = { kind: "notification", method: methods.initialized, params: undefined, line };
    await this.session.receive({ frames: [frame], isBatch: false }, { requestId, caller: this.#caller, isOwn: true });
    return result;
  }

  async #sendInitialize(params: JsonObject, requestId: string): Promise<JsonObject> {
    try {
      return resultOf((await this.answerTo(methods.initialize, params, { requestId })).line);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.reason !== "upstream_error") throw error;
      throw new GatewayError("spawn_failed", error.message, error.details);
    }
  }

  /** Declines a request of the server: sampling, elicitation and roots were not declared as capabilities. */
  #decline(frame: RequestFrame): void {
    const error = new GatewayError("not_supported", `This client does not support ${frame.method}.`);
    const line = errorLine(frame.id, error);
    this.#send({ kind: "response", id: frame.id, failed: true, line }, "");
  }

  /** Sends a message that needs no response. */
  #send(frame: Frame, requestId: string): void {
    try {
      const received = this.session.receive(
        { frames: [frame], isBatch: false },
        { requestId, caller: this.#caller, isOwn: true },
      );
      if (received instanceof Promise) received.catch(() => undefined);
    } catch (error) {
      // The session has ended or its server does not read: the message is dropped.
      if (!(error instanceof GatewayError)) throw error;
    }
  }
}
