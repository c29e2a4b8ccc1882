import type { ServerResponse } from "node:http";
import { byteLength, type Line } from "../../lib/lines.ts";
import { errorLine } from "../../protocol/jsonrpc.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Reply } from "../../protocol/exchange.ts";
import type { NotificationFrame, RequestFrame, ResponseFrame } from "../../protocol/frame.ts";
import { endWatched } from "../end-watched.ts";
import type { EventStream } from "../event-stream.ts";
import type { AnswerForm } from "./answer-form.ts";
import type { Replay } from "./replay.ts";

/** The POST that is answered. */
export interface PostRequest {
  /** The number of its requests. */
  readonly requests: number;
  readonly isBatch: boolean;
  readonly form: AnswerForm;
}

/** The conversation that a POST belongs to. */
export interface PostHost {
  readonly replay: Replay;
  readonly stallMs: number;
  /** Starts an event stream as the response to a POST. */
  openPostStream(post: PostAnswer, response: ServerResponse): EventStream;
  /** A message that a plain JSON body cannot carry. */
  onStray(frame: NotificationFrame | RequestFrame): void;
  /** All requests of this POST are finished. */
  onDone(post: PostAnswer): void;
}

/**
 * The response to one POST with requests. For a client that accepts both formats the decision is delayed for a moment: if all
 * responses have arrived by then they are sent as one JSON body, otherwise as an event stream, so that clients do not wait for
 * headers. When the connection is lost the requests continue (a disconnect is not a cancellation) and their messages are kept for
 * replay. Nothing is started once it is done.
 */
export class PostAnswer implements Reply {
  /** Its name in event ids. */
  readonly stream: string;
  readonly #host: PostHost;
  readonly #request: PostRequest;
  /** The number of requests without a response. */
  #waiting: number;
  readonly #answers: ResponseFrame[] = [];
  #response: ServerResponse | undefined;
  #events: EventStream | undefined;

  constructor(host: PostHost, stream: string, request: PostRequest, response: ServerResponse) {
    this.#host = host;
    this.stream = stream;
    this.#request = request;
    this.#waiting = request.requests;
    // On a closed response, `close` is not emitted again.
    if (response.destroyed) return;
    this.#response = response;
    response.once("close", () => (this.#response = undefined));
  }

  get form(): AnswerForm {
    return this.#request.form;
  }

  get isDone(): boolean {
    return this.#waiting === 0;
  }

  /** Whether the client can receive a message now. */
  get isConnected(): boolean {
    return this.#response !== undefined || this.#events !== undefined;
  }

  /** Whether messages that belong to no particular request may be sent here. */
  get takesMessages(): boolean {
    return this.#keepsMessages && !this.isDone && this.isConnected;
  }

  /** Switches to an event stream, because the time for a plain JSON body is over. */
  startStream(): void {
    if (this.isDone || this.#events !== undefined || this.#response === undefined) return;
    this.#events = this.#host.openPostStream(this, this.#response);
    for (const { line } of this.#answers.splice(0)) this.#say(line);
  }

  /** The client has reconnected (`Last-Event-ID`): further messages go to this stream. */
  resume(events: EventStream): void {
    // Starts the original stream if it has not begun, so that it can be ended.
    this.startStream();
    this.#events?.end();
    this.#events = events;
  }

  /** The connection of this stream is closed. */
  lost(events: EventStream): void {
    if (this.#events === events) this.#events = undefined;
  }

  message(frame: NotificationFrame | RequestFrame): void {
    if (this.isDone || !this.#keepsMessages) return this.#host.onStray(frame);
    this.startStream();
    this.#say(frame.line);
  }

  /** A response to one of its requests. */
  answer(frame: ResponseFrame): void {
    if (this.isDone) return;
    if (this.#events !== undefined || this.#response === undefined) this.#say(frame.line);
    else this.#answers.push(frame);
    this.#settle();
  }

  /** One of its requests was cancelled: it gets no response. */
  withdrawn(): void {
    if (!this.isDone) this.#settle();
  }

  /** Whether other messages than responses can be sent: only as events, which are kept while there is no connection. */
  get #keepsMessages(): boolean {
    return this.form !== "json";
  }

  #say(line: Line): void {
    const id = this.#host.replay.add(this.stream, line, this.#events !== undefined);
    this.#events?.send(line, { id });
  }

  #settle(): void {
    if (--this.#waiting > 0) return;
    this.#host.onDone(this);
    const response = this.#response;
    if (this.#events !== undefined) this.#events.end();
    else if (response !== undefined) this.#writeBody(response);
  }

  #writeBody(response: ServerResponse): void {
    const [first] = this.#answers;
    if (first === undefined) {
      response.writeHead(202, { "Content-Length": 0 }).end();
      return;
    }
    const body = this.#request.isBatch ? `[${this.#answers.map(jsonOf).join(",")}]` : first.line;
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": byteLength(body) });
    endWatched(response, body, this.#host.stallMs);
  }
}

/** Long lines are relayed without parsing: an invalid one must not break the other responses of its batch. */
function jsonOf({ id, line }: ResponseFrame): string {
  const text = line.toString();
  if (typeof line === "string") return text;
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    return errorLine(id, new GatewayError("protocol_violation", "The answer is not valid JSON.", { cause }));
  }
}
