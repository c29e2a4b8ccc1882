import { NEWEST_LEGACY_REVISION } from "../protocol/eras/revisions.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Reply } from "../protocol/exchange.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { errorLine, notificationLine, requestLine } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { errorOf, resultOf } from "../protocol/result-text.ts";
import type { OpenSession, Outlet, Session, SessionOpener } from "../protocol/session.ts";
import type { JsonObject } from "../lib/json.ts";
import { LONGEST_TIMER_MS } from "../lib/units.ts";

export interface ClientSettings {
  /** Of the gateway, as it introduces itself to servers. */
  readonly version: string;
  /** What all pages of a server's list of tools may take together. */
  readonly listingBytes: number;
  /** How long a page of it may take, if less than a minute (`limits.request`). */
  readonly listingMs?: number;
}

export interface CallOptions {
  readonly requestId: string;
  readonly timeoutMs?: number | undefined;
  /** Hears the progress of this call, and what the server logs while it runs. */
  readonly onNotification?: ((frame: NotificationFrame) => void) | undefined;
}

/** A call that was sent. `answer` rejects with a GatewayError when there is none. */
export interface Call {
  readonly id: number;
  readonly answer: Promise<ResponseFrame>;
}

/** How soon it is looked again where a time that seems over is not: while the server waits for an answer of its own. */
const LOOK_MS = 20;

/** The answer to one call, as a promise. */
class CallReply implements Reply {
  readonly answered: Promise<ResponseFrame>;
  readonly onNotification: CallOptions["onNotification"];
  #timer: NodeJS.Timeout | undefined;
  #resolve: (frame: ResponseFrame) => void = () => undefined;
  #reject: (error: GatewayError) => void = () => undefined;

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
    clearTimeout(this.#timer);
    this.#reject(new GatewayError("session_ended", "The call was cancelled."));
  }
}

/**
 * The gateway as the MCP client of a session, for callers that have no conversation of their own (REST, the tool catalog): does
 * the handshake, matches answers to calls by id, and declines what a server may ask of a client.
 */
export class McpClient implements Outlet {
  readonly session: Session;
  /** It is part of the gateway. */
  readonly isConnected = true;
  readonly settings: ClientSettings;
  /** Calls that hear what the server logs meanwhile, the newest last. */
  readonly #listening = new Set<CallReply>();
  #initialized: Promise<JsonObject> | undefined;
  #lastId = 0;
  #toolsChanged = false;

  constructor(sessions: SessionOpener, request: Omit<OpenSession, "outlet">, settings: ClientSettings) {
    this.settings = settings;
    this.session = sessions.open({ ...request, outlet: () => this });
  }

  /** Did the server say that its tools are others now? Asking forgets it. */
  takeToolsChanged(): boolean {
    const changed = this.#toolsChanged;
    this.#toolsChanged = false;
    return changed;
  }

  /** The result of `initialize`, done once, at the first asking. */
  initialize(requestId: string): Promise<JsonObject> {
    this.#initialized ??= this.#handshake(requestId);
    return this.#initialized;
  }

  /** Sends a request; `paramsText` goes out as it is, `params` is what the session may look at. */
  call(method: string, params: JsonObject, paramsText: string, options: CallOptions): Call {
    const id = ++this.#lastId;
    const line = requestLine(id, method, paramsText);
    const reply = new CallReply(options.onNotification);
    const { requestId, timeoutMs } = options;
    const frame: Frame = { kind: "request", id, method, params, line };
    this.session.receive({ frames: [frame], isBatch: false }, { requestId, timeoutMs, reply });
    if (timeoutMs !== undefined && this.session.waitsFor(id)) reply.endIn(timeoutMs, () => this.#endInTime(id, reply));
    return { id, answer: options.onNotification === undefined ? reply.answered : this.#listen(reply) };
  }

  /** Sends a request; throws when its answer is an error. */
  async answerTo(method: string, params: JsonObject, options: CallOptions): Promise<ResponseFrame> {
    const frame = await this.call(method, params, JSON.stringify(params), options).answer;
    if (!frame.failed) return frame;
    if (frame.fault !== undefined) throw frame.fault;
    const { code, message } = errorOf(frame.line);
    throw new GatewayError("upstream_error", `The MCP server "${this.session.server}" refused ${method}.`, {
      data: { rpc: { code, message } },
    });
  }

  /** Nobody wants the answer any more. */
  cancel(id: number, reason: string, requestId: string): void {
    if (!this.session.waitsFor(id)) return;
    const params = { requestId: id, reason };
    const line = notificationLine(methods.cancelled, params);
    this.#tell({ kind: "notification", method: methods.cancelled, params, line }, requestId);
  }

  deliver(frame: Frame): void {
    if (frame.kind === "request") return this.#decline(frame);
    if (frame.kind === "response") return;
    if (frame.method === methods.toolsChanged) this.#toolsChanged = true;
    // A log line does not say which call it is about: the newest one that listens is the best guess.
    if (frame.method === methods.message) [...this.#listening].at(-1)?.message(frame);
  }

  /** Every call that waits has been told by then. */
  ended(): void {}

  /** The clock of the sessions ticks for all of them, too slowly for one caller's own time. Progress may have prolonged that. */
  #endInTime(id: number, reply: CallReply): void {
    const leftMs = this.session.timeLeft(id);
    if (leftMs !== undefined) reply.endIn(Math.max(LOOK_MS, leftMs), () => this.#endInTime(id, reply));
  }

  async #listen(reply: CallReply): Promise<ResponseFrame> {
    this.#listening.add(reply);
    try {
      return await reply.answered;
    } finally {
      this.#listening.delete(reply);
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
    this.session.receive({ frames: [frame], isBatch: false }, { requestId });
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

  /** There is nobody to sample, to fill in a form or to have roots; none of it was declared. */
  #decline(frame: RequestFrame): void {
    const error = new GatewayError("not_supported", `This client does not support ${frame.method}.`);
    const line = errorLine(frame.id, error);
    this.#tell({ kind: "response", id: frame.id, failed: true, line }, "");
  }

  /** What nobody waits for. */
  #tell(frame: Frame, requestId: string): void {
    try {
      this.session.receive({ frames: [frame], isBatch: false }, { requestId });
    } catch (error) {
      // The session has ended, or its server does not read: then it cannot be told, and will be ended for that.
      if (!(error instanceof GatewayError)) throw error;
    }
  }
}
