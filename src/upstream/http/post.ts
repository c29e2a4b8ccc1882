import type { IncomingHttpHeaders } from "node:http";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { readServerLine } from "../../protocol/server-frame.ts";
import type { CallerHeaders } from "../../protocol/upstream.ts";
import type { Outcome } from "./call-listener.ts";
import type { Inbox } from "./inbox.ts";
import { oneLine, type JsonBody } from "./json-body.ts";
import type { Listening } from "./listening.ts";
import type { WireCall, WireListener, WireRequest } from "./wire-call.ts";

/** A message of the client on its way, with the headers that it came with. */
export interface Outgoing {
  readonly frame: Frame;
  readonly caller: CallerHeaders | undefined;
}

export interface PostHost {
  readonly inbox: Inbox;
  /** Whether an event has come before, on another stream. */
  repeats(id: string, data: ParsedEvent["data"]): boolean;
  /** A response that is not that of the post in whose answer it came. */
  stray(answer: ResponseFrame): void;
  again(post: Post, request: WireRequest, outcome: Outcome): WireRequest | undefined;
  begun(post: Post, headers: IncomingHttpHeaders): void;
  answered(post: Post, answer: Frame | undefined): void;
  over(post: Post, outcome: Outcome): void;
}

/** A message sent with POST, and what the server says in answer to it. */
export class Post implements WireListener {
  readonly frame: Frame | undefined;
  readonly request: RequestFrame | undefined;
  /** Of revision 2026-07-28: without a session, and nothing of its answer can be fetched later. */
  readonly isModern: boolean;
  readonly #host: PostHost;
  /** While its response comes. */
  call: WireCall | undefined;
  /** The rest of its answer, after the response broke off. */
  rest: Listening | undefined;
  isAnswered = false;
  #lastEventId: string | undefined;

  /** Without a message it only reads, as from the stream on which a server speaks unasked. */
  constructor(frame: Frame | undefined, host: PostHost, isModern = false) {
    this.frame = frame;
    this.isModern = isModern;
    this.request = frame?.kind === "request" ? frame : undefined;
    this.#host = host;
  }

  /** What it is, for the log. */
  get name(): string {
    if (this.frame === undefined) return "nothing";
    return this.frame.kind === "response" ? "an answer" : this.frame.method.slice(0, 64);
  }

  is(method: string): boolean {
    return this.frame !== undefined && this.frame.kind !== "response" && this.frame.method === method;
  }

  get mayHaveRun(): boolean {
    return this.call?.wasSent === true;
  }

  begun(headers: IncomingHttpHeaders): void {
    this.#host.begun(this, headers);
  }

  event({ type, data, id }: ParsedEvent): void {
    // An event that only carries an id has no message in it (MCP 2025-11-25, transports, sending messages).
    if (type !== "message" || data.length === 0) return;
    if (id !== undefined && id !== this.#lastEventId) {
      this.#lastEventId = id;
      // As which the SDK's servers replay an event that only carried an id.
      if (data.length === 2 && data.toString() === "{}") return;
      if (this.#host.repeats(id, data)) return;
    }
    this.#take(data);
  }

  json(body: JsonBody): void {
    for (const line of body.lines) this.#take(line);
  }

  tooLong(head: string, tail: string, bytes: number): void {
    const id = this.#host.inbox.tooLong(head, tail, bytes);
    if (id !== undefined && id === this.request?.id) this.answer(undefined);
  }

  again(request: WireRequest, outcome: Outcome): WireRequest | undefined {
    return this.#host.again(this, request, outcome);
  }

  over(outcome: Outcome): void {
    this.#host.over(this, outcome);
  }

  close(): void {
    this.call?.abort();
    this.rest?.close();
  }

  /** Takes the body of a refusal if it is the JSON-RPC response to the request. */
  takeRefusal(body: string): boolean {
    const line = oneLine(body);
    const frame = readServerLine(line);
    if (frame?.kind !== "response" || frame.id !== this.request?.id) return false;
    this.#take(line);
    return true;
  }

  answer(frame: ResponseFrame | undefined): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.#host.answered(this, frame);
  }

  #take(data: ParsedEvent["data"]): void {
    const frame = this.#host.inbox.take(oneLine(data));
    if (frame?.kind !== "response") return;
    if (frame.id === this.request?.id) this.answer(frame);
    else this.#host.stray(frame);
  }
}
