import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { EventParser } from "../../lib/event-parser.ts";
import { guarded, type Emit } from "../../protocol/events.ts";
import type { CallListener, Outcome } from "./call-listener.ts";
import { JsonBody } from "./json-body.ts";

export interface HttpRequest {
  readonly origin: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string | Buffer | null;
  /** Until the response begins, and between two pieces of it; 0 = no limit. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

export interface CallOptions {
  readonly dispatcher: Dispatcher;
  readonly request: HttpRequest;
  readonly messageBytes: number;
  readonly listener: CallListener;
  readonly emit: Emit;
}

/** The body of a refusal is only read for its message. */
const MAX_REFUSAL_BYTES = 64 * 1024;
const MAX_REFUSAL_MS = 2_000;
const TROUBLE = "a response of a remote MCP server could not be read";

/** One HTTP request to an MCP server, and its response: an event stream, a JSON body, or a refusal. */
export class HttpCall implements Dispatcher.DispatchHandler {
  readonly #options: CallOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #events: EventParser | undefined;
  #json: JsonBody | undefined;
  #refusal: Buffer[] = [];
  #bytes = 0;
  #retryMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isPaused = false;
  #isOver = false;
  #wasSent = false;

  constructor(options: CallOptions) {
    this.#options = options;
    const { dispatcher, request } = options;
    try {
      dispatcher.dispatch(request, this);
    } catch (cause) {
      // Such as a header with a character that HTTP does not allow, or a dispatcher that is closed.
      queueMicrotask(() => this.onResponseError(undefined, cause));
    }
  }

  get wasSent(): boolean {
    return this.#wasSent;
  }

  abort(): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller?.abort(new Error("no longer needed"));
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Aborted while it waited for a connection.
    if (this.#isOver) return controller.abort(new Error("no longer needed"));
    this.#wasSent = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Informational responses precede the real one.
    if (this.#isOver || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (this.#isPaused) controller.pause();
    try {
      this.#begin();
    } catch (cause) {
      this.#trouble(cause);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#read(chunk);
    } catch (cause) {
      this.#trouble(cause);
    }
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    try {
      this.#finish();
    } catch (cause) {
      this.#trouble(cause);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: unknown): void {
    if (this.#isOver) return;
    // What a refusal says is known by now.
    if (this.#isRefusal) return this.#guard(() => this.#finish());
    this.#over({ kind: "broken", cause, wasSent: this.#wasSent, ...this.#resumption });
  }

  #begin(): void {
    if (this.#isRefusal) {
      this.#timer = setTimeout(() => this.#guard(() => this.#finish(true)), MAX_REFUSAL_MS).unref();
      return;
    }
    const { "content-type": type = "", "content-encoding": encoding = "identity" } = this.#headers;
    // No encoding was offered, and to unpack a bomb is no way to measure it.
    if (encoding !== "identity") return this.#unfit("its answer is compressed, although it was asked not to be");
    const { listener, messageBytes } = this.#options;
    listener.begun?.(this.#headers);
    if (/^text\/event-stream\b/i.test(type)) {
      this.#events = new EventParser(messageBytes, {
        event: (event) => listener.event(event),
        retry: (ms) => (this.#retryMs = ms),
        tooLong: (head, tail, bytes) => listener.tooLong(head, tail, bytes),
      });
    } else if (type === "" || /^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) this.#json = new JsonBody();
    else if (this.#status === 200) this.#unfit(`its answer is ${mediaTypeOf(type)} and not JSON or an event stream`);
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#isRefusal) return this.#readRefusal(chunk);
    if (this.#events !== undefined) {
      this.#events.push(chunk);
      if (this.#events.isEndless) this.#unfit("an event of its stream has no end");
      return;
    }
    if (this.#bytes > this.#options.messageBytes) return this.#tooLong();
    this.#json?.push(chunk);
  }

  #readRefusal(chunk: Buffer): void {
    if (this.#bytes <= MAX_REFUSAL_BYTES) this.#refusal.push(chunk);
    else this.#finish(true);
  }

  #tooLong(): void {
    const [head, tail] = this.#json?.ends ?? ["", ""];
    this.#options.listener.tooLong(head, tail, this.#bytes);
    this.#unfit("its answer is over limits.messageBytes");
  }

  #finish(isCut = false): void {
    if (this.#isOver) return;
    if (this.#isRefusal) {
      const body = Buffer.concat(this.#refusal).toString("utf8");
      this.#over({ kind: "status", status: this.#status, headers: this.#headers, body });
      if (isCut) this.#controller?.abort(new Error("read enough"));
      return;
    }
    const json = this.#json;
    if (json !== undefined && !json.isEmpty) this.#options.listener.json(json);
    const isEmpty = this.#events === undefined && (json === undefined || json.isEmpty);
    const form = isEmpty ? "empty" : this.#events === undefined ? "json" : "events";
    this.#over({ kind: "complete", form, ...this.#resumption });
  }

  #unfit(why: string): void {
    if (this.#isOver) return;
    this.#over({ kind: "unfit", why });
    this.#controller?.abort(new Error(why));
  }

  #over(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#end();
    try {
      this.#options.listener.over(outcome);
    } catch (cause) {
      this.#trouble(cause);
    }
  }

  #end(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  get #isRefusal(): boolean {
    return this.#status >= 300;
  }

  get #resumption(): { readonly lastEventId?: string; readonly retryMs?: number } {
    if (this.#events === undefined) return NOTHING;
    const lastEventId = this.#events?.lastEventId;
    const retryMs = this.#retryMs;
    return { ...(lastEventId !== undefined && { lastEventId }), ...(retryMs !== undefined && { retryMs }) };
  }

  /** Thrown on, it would end the connection, and others with it. */
  #trouble(cause: unknown): void {
    this.#options.emit({ type: "trouble", what: TROUBLE, cause });
  }

  #guard(run: () => void): void {
    guarded(this.#options.emit, TROUBLE, run);
  }
}

const NOTHING = {};

/** Written for people, and it is not trusted. */
function mediaTypeOf(type: string): string {
  return /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(type)?.[0] ?? "of no known type";
}
