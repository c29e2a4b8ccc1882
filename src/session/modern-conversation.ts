import { isObject, type JsonObject } from "../lib/json.ts";
import { askFrame, canAnswer, inputWantedIn, type InputWanted } from "../protocol/eras/asked-input.ts";
import { clientFactsIn, envelopeOf, initializeResult, type ClientFacts } from "../protocol/eras/discover.ts";
import { withResponseId } from "../protocol/eras/ids.ts";
import { withoutSubscription } from "../protocol/eras/listening.ts";
import { modernCodes } from "../protocol/eras/modern.ts";
import { asksForInput, handlingOf, isLogLevel, modernParams, type Retry } from "../protocol/eras/to-modern.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { Emit } from "../protocol/events.ts";
import type { Frame, NotificationFrame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { notificationLine, requestLine, resultLine, rpcErrorLine, type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import { errorOf, resultText } from "../protocol/result-text.ts";
import type { UpstreamListener } from "../protocol/upstream.ts";
import { fullError, insistentError, lackingError, refusedError, unanswerableError, violation } from "./input-errors.ts";
import { ListenKeeper } from "./listen-keeper.ts";
import { freshId, isFresh, OpenCalls, type OpenCall } from "./open-calls.ts";

export interface ModernConversationOptions {
  readonly server: string;
  /** What `server/discover` returned. */
  readonly discovered: JsonObject;
  /** The client's `initialize`. */
  readonly initialize: RequestFrame;
  readonly listener: UpstreamListener;
  /** How much is kept of calls that may have to be sent again. */
  readonly keptBytes: number;
  /** Sends a message to the server. */
  readonly send: (frame: Frame) => void;
  readonly emit: Emit;
}

/** How often a call may ask its client for more; a form of many pages is one call. */
const MAX_ROUNDS = 20;
/** A legacy client that sets no level leaves it to the server, a modern server says nothing without one. */
const DEFAULT_LOG_LEVEL = "info";

/** The conversation of a legacy client with a modern server (MCP 2026-07-28): both hear only what they know. */
export class ModernConversation {
  readonly #options: ModernConversationOptions;
  readonly #capabilities: JsonObject;
  #client: ClientFacts;
  readonly #calls: OpenCalls;
  readonly #listen: ListenKeeper;
  #logLevel: string | undefined;

  constructor(options: ModernConversationOptions) {
    this.#options = options;
    const { discovered, initialize, server, emit } = options;
    this.#calls = new OpenCalls(options.keptBytes);
    this.#client = clientFactsIn(initialize.params);
    this.#capabilities = initializeResult(discovered, initialize.params, server).capabilities;
    this.#logLevel = this.#capabilities["logging"] === undefined ? undefined : DEFAULT_LOG_LEVEL;
    this.#listen = new ListenKeeper(this.#capabilities, {
      server,
      emit,
      request: (id, method, params) => {
        const enveloped = { ...params, _meta: envelopeOf(this.#client) };
        const line = requestLine(id, method, JSON.stringify(enveloped));
        options.send({ kind: "request", id, method, params: enveloped, line });
      },
      notify: (method, params) => options.send(notification(method, params)),
      succeed: (id) => this.#answer(id, {}),
      fail: (id, code, message) => this.#refuse(id, code, message),
    });
  }

  /** Responds to the client's `initialize`. */
  begin(): void {
    this.#initialize(this.#options.initialize);
  }

  close(): void {
    this.#listen.close();
  }

  /** `isAgain`: the server was sent it before under the same id, and may still answer that. */
  fromClient(frame: Frame, isAgain = false): void {
    if (frame.kind === "response") return this.#onAnswered(frame);
    switch (handlingOf(frame.method)) {
      case "initialized":
        return this.#listen.start();
      case "cancels":
        return this.#cancel(frame);
      case "not passed on":
        return;
      case "sent on":
        return frame.kind === "request" ? this.#request(frame, isAgain) : this.#options.send(frame);
      default:
        if (frame.kind === "request") this.#serve(frame);
    }
  }

  fromServer(frame: Frame): void {
    switch (frame.kind) {
      case "response":
        return this.#respond(frame);
      case "notification":
        if (this.#listen.admits(frame)) this.#options.listener.frame(withoutSubscription(frame));
        return;
      case "request":
      // Modern servers have no requests of their own (MCP 2026-07-28, stdio), and there is no way to respond to one.
    }
  }

  /** The server wrote something about this request that cannot be passed on. */
  failed(id: RequestId | undefined, error: GatewayError): void {
    if (this.#listen.takesFailure(id, error.message)) return;
    const call = id === undefined ? undefined : this.#calls.take(id);
    if (call === undefined && isFresh(id)) return;
    this.#options.listener.badMessage(call?.frame.id ?? id, error);
  }

  #request(frame: RequestFrame, isAgain: boolean): void {
    const isTracked = isAgain || asksForInput(frame.method);
    const id = isAgain ? freshId() : frame.id;
    if (isTracked) this.#calls.add({ frame, sentAs: id, rounds: 0 });
    this.#send(frame, id);
  }

  #send(frame: RequestFrame, id: RequestId, retry?: Retry): void {
    const envelope = envelopeOf(this.#client, this.#logLevel);
    const text = modernParams(frame.line, envelope, retry);
    const meta = frame.params?.["_meta"];
    // From them the headers are made when it is sent over HTTP.
    const params = { ...frame.params, _meta: isObject(meta) ? { ...meta, ...envelope } : envelope };
    this.#options.send({ ...frame, id, params, line: requestLine(id, frame.method, text) });
  }

  /** Methods that modern servers do not have. */
  #serve(frame: RequestFrame): void {
    const { id, method, params } = frame;
    switch (handlingOf(method)) {
      case "answered here":
        return this.#answer(id, {});
      case "sets the log level":
        return this.#setLogLevel(id, params?.["level"]);
      case "subscribes":
        return this.#listen.subscribe(id, params?.["uri"]);
      case "initializes":
        return this.#initialize(frame);
      case "unsubscribes":
        return this.#listen.unsubscribe(id, params?.["uri"]);
      default:
        return this.#refuse(id, modernCodes.methodNotFound, "Method not found");
    }
  }

  /** A client that comes back may have other capabilities. */
  #initialize({ id, params }: RequestFrame): void {
    const { discovered, server } = this.#options;
    this.#client = clientFactsIn(params);
    this.#answer(id, initializeResult(discovered, params, server));
  }

  #setLogLevel(id: RequestId, level: unknown): void {
    if (this.#capabilities["logging"] === undefined)
      return this.#refuse(id, modernCodes.methodNotFound, "Method not found");
    if (!isLogLevel(level)) return this.#refuse(id, modernCodes.invalidParams, "No such log level");
    this.#logLevel = level;
    this.#answer(id, {});
  }

  #cancel(frame: Frame): void {
    if (frame.kind !== "notification") return;
    const id = frame.params?.["requestId"];
    if (typeof id !== "string" && typeof id !== "number") return;
    if (this.#listen.forget(id)) return;
    const call = this.#calls.of(id);
    if (call === undefined) return this.#options.send(frame);
    this.#calls.remove(call);
    if (call.waiting !== undefined) return this.#withdraw(call);
    this.#options.send(notification(methods.cancelled, { ...frame.params, requestId: call.sentAs }));
  }

  #respond(frame: ResponseFrame): void {
    if (this.#listen.takesResponse(frame)) return;
    const call = this.#calls.sentAs(frame.id);
    if (call === undefined) {
      // It was sent again under another id, or is not waited for any more.
      if (this.#calls.of(frame.id) === undefined && !isFresh(frame.id)) this.#options.listener.frame(frame);
      return;
    }
    const wanted = frame.failed || !asksForInput(call.frame.method) ? undefined : inputWantedIn(frame.line);
    if (typeof wanted === "string")
      return this.#fail(call, violation(this.#options.server, `a result that is malformed: ${wanted}`));
    if (wanted !== undefined) return this.#ask(call, wanted);
    this.#calls.remove(call);
    if (frame.failed && errorOf(frame.line).code === modernCodes.missingCapability)
      return this.#options.listener.badMessage(call.frame.id, lackingError(this.#options.server, frame));
    this.#options.listener.frame(call.sentAs === call.frame.id ? frame : withResponseId(frame, call.frame.id));
  }

  #ask(call: OpenCall, wanted: InputWanted): void {
    const { asks, requestState } = wanted;
    if (++call.rounds > MAX_ROUNDS) return this.#fail(call, insistentError(this.#options.server, MAX_ROUNDS));
    if (!this.#calls.isKept(call)) return this.#fail(call, fullError());
    if (asks.length === 0) return this.#retry(call, { responses: undefined, requestState });
    const unanswerable = asks.find((ask) => !canAnswer(ask, this.#client.capabilities));
    if (unanswerable !== undefined)
      return this.#fail(call, unanswerableError(this.#options.server, unanswerable.method, wanted));
    const open = new Map(asks.map((ask) => [freshId(), ask]));
    call.waiting = { open: new Map([...open].map(([id, { key }]) => [id, key])), responses: new Map(), requestState };
    this.#calls.onWaiting(call);
    for (const [id, ask] of open) this.#options.listener.frame(askFrame(ask, id));
  }

  /** The client has responded to something that was asked. */
  #onAnswered(frame: ResponseFrame): void {
    const call = this.#calls.asking(frame.id);
    if (call?.waiting === undefined) return;
    const { open, responses, requestState } = call.waiting;
    const key = this.#calls.answered(call, frame.id);
    if (key === undefined) return;
    if (frame.failed) return this.#fail(call, refusedError(this.#options.server, frame));
    if (!this.#calls.keep(call, key, resultText(frame.line).toString())) return this.#fail(call, fullError());
    if (open.size === 0) this.#retry(call, { responses, requestState });
  }

  /** A retry is a new request (MCP 2026-07-28, multi round-trip requests). */
  #retry(call: OpenCall, retry: Retry): void {
    const id = freshId();
    this.#calls.resend(call, id);
    this.#send(call.frame, id, retry);
  }

  #fail(call: OpenCall, error: GatewayError): void {
    this.#calls.remove(call);
    this.#withdraw(call);
    this.#options.listener.badMessage(call.frame.id, error);
  }

  /** Tells the client that what it was asked is of no use any more. */
  #withdraw({ waiting }: OpenCall): void {
    for (const requestId of waiting?.open.keys() ?? [])
      this.#options.listener.frame(notification(methods.cancelled, { requestId, reason: "the call has ended" }));
  }

  #answer(id: RequestId, result: JsonObject): void {
    this.#options.listener.frame({ kind: "response", id, failed: false, line: resultLine(id, result) });
  }

  #refuse(id: RequestId, code: number, message: string): void {
    this.#options.listener.frame({ kind: "response", id, failed: true, line: rpcErrorLine(id, code, message) });
  }
}

function notification(method: string, params: JsonObject): NotificationFrame {
  return { kind: "notification", method, params, line: notificationLine(method, params) };
}
