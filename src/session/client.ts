import { GatewayError } from "../protocol/errors.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { errorLine, notificationLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { errorOf, resultOf } from "../protocol/result-text.ts";
import type { EndReason, OpenSession, Outlet, Session, SessionTable } from "../protocol/session.ts";
import type { JsonObject } from "../lib/json.ts";

/** The newest revision that servers with a handshake speak; a server that is older answers with its own. */
const PROTOCOL_VERSION = "2025-11-25";

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

interface Waiter {
  readonly resolve: (frame: ResponseFrame) => void;
  readonly reject: (error: GatewayError) => void;
  readonly onNotification: CallOptions["onNotification"];
}

/**
 * The gateway as the MCP client of a session, for callers that have no conversation of their own (REST, the tool catalog): does
 * the handshake, matches answers to calls by id, and declines what a server may ask of a client.
 */
export class McpClient implements Outlet {
  readonly session: Session;
  readonly #clientVersion: string;
  readonly #waiting = new Map<RequestId, Waiter>();
  #ready: Promise<JsonObject> | undefined;
  #lastId = 0;
  #toolsChanged = false;

  constructor(sessions: SessionTable, request: Omit<OpenSession, "outlet">, clientVersion: string) {
    this.#clientVersion = clientVersion;
    this.session = sessions.open({ ...request, outlet: () => this });
  }

  /** Did the server say that its tools are others now? Asking forgets it. */
  takeToolsChanged(): boolean {
    const changed = this.#toolsChanged;
    this.#toolsChanged = false;
    return changed;
  }

  /** The result of `initialize`, done once, at the first asking. */
  ready(requestId: string): Promise<JsonObject> {
    this.#ready ??= this.#handshake(requestId);
    return this.#ready;
  }

  /** Sends a request; `paramsText` goes out as it is, `params` is what the session may look at. */
  call(method: string, params: JsonObject, paramsText: string, options: CallOptions): Call {
    const id = ++this.#lastId;
    const line = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${paramsText}}`;
    const answer = new Promise<ResponseFrame>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onNotification: options.onNotification });
    });
    try {
      this.session.receive({ kind: "request", id, method, params, line }, options);
    } catch (error) {
      this.#waiting.delete(id);
      throw error;
    }
    return { id, answer };
  }

  /** Sends a request and reads its result. */
  async ask(method: string, params: JsonObject, options: CallOptions): Promise<JsonObject> {
    const frame = await this.call(method, params, JSON.stringify(params), options).answer;
    if (!frame.failed) return resultOf(frame.line);
    if (frame.fault !== undefined) throw frame.fault;
    const { code, message } = errorOf(frame.line);
    throw new GatewayError("server_error", `The MCP server "${this.session.server}" refused ${method}.`, {
      data: { rpc: { code, message } },
    });
  }

  /** Nobody wants the answer any more. */
  cancel(id: number, reason: string, requestId: string): void {
    if (!this.#waiting.has(id)) return;
    const params = { requestId: id, reason };
    const line = notificationLine(methods.cancelled, params);
    this.#tell({ kind: "notification", method: methods.cancelled, params, line }, requestId);
  }

  deliver(frame: Frame, requestId: RequestId | undefined): void {
    if (frame.kind === "response") return this.#settle(frame);
    if (frame.kind === "request") return this.#decline(frame);
    if (frame.method === methods.toolsChanged) this.#toolsChanged = true;
    if (frame.method === methods.message) return this.#newest()?.onNotification?.(frame);
    if (requestId !== undefined) this.#waiting.get(requestId)?.onNotification?.(frame);
  }

  cancelled(requestId: RequestId): void {
    const waiter = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    waiter?.reject(new GatewayError("session_ended", "The call was cancelled."));
  }

  ended(_reason: EndReason, error: GatewayError | undefined): void {
    const why = error ?? new GatewayError("session_ended", "The session has ended.");
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }

  async #handshake(requestId: string): Promise<JsonObject> {
    const params = {
      protocolVersion: PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "mcp-gateway", version: this.#clientVersion },
    };
    const hello = await this.#hello(params, requestId);
    const line = notificationLine(methods.initialized);
    this.session.receive({ kind: "notification", method: methods.initialized, params: undefined, line }, { requestId });
    return hello;
  }

  async #hello(params: JsonObject, requestId: string): Promise<JsonObject> {
    try {
      return await this.ask(methods.initialize, params, { requestId });
    } catch (error) {
      if (!(error instanceof GatewayError) || error.reason !== "server_error") throw error;
      throw new GatewayError("server_not_started", error.message, error.details);
    }
  }

  #settle(frame: ResponseFrame): void {
    const waiter = this.#waiting.get(frame.id);
    this.#waiting.delete(frame.id);
    waiter?.resolve(frame);
  }

  /** There is nobody to sample, to fill in a form or to have roots; none of it was declared. */
  #decline(frame: RequestFrame): void {
    const error = new GatewayError("not_supported", `This client does not do ${frame.method}.`);
    const line = errorLine(frame.id, error);
    this.#tell({ kind: "response", id: frame.id, failed: true, line }, "");
  }

  /** What nobody waits for. */
  #tell(frame: Frame, requestId: string): void {
    try {
      this.session.receive(frame, { requestId });
    } catch (error) {
      // The session has ended, or its server does not read: then it cannot be told, and will be ended for that.
      if (!(error instanceof GatewayError)) throw error;
    }
  }

  /** A log line does not say which call it is about: the newest listening one is the best guess. */
  #newest(): Waiter | undefined {
    return [...this.#waiting.values()].findLast((waiter) => waiter.onNotification !== undefined);
  }
}
