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
  /** How many answers are to come. */
  readonly requests: number;
  readonly isBatch: boolean;
  readonly form: AnswerForm;
}

/** The conversation that a POST belongs to. */
export interface PostHost {
  readonly replay: Replay;
  readonly stallMs: number;
  /** Begins an event stream for a POST. */
  openPostStream(post: PostAnswer, response: ServerResponse): EventStream;
  /** A message that a plain JSON body cannot carry. */
  onStray(frame: NotificationFrame | RequestFrame): void;
  /** No request of this POST waits any more. */
  onDone(post: PostAnswer): void;
}

/**
 * The answer to one POST that brought requests. Where the client takes both forms it stays undecided for a moment: what is
 * complete by then goes out as one JSON body, everything else as an event stream, so that nobody waits for headers.
 * When the connection is lost the work goes on (a disconnect is not a cancel), and what would have been said is kept.
 * Nothing begins once it is done.
 */
export class PostAnswer implements Reply {
  /** Its name in event ids. */
  readonly stream: string;
  readonly #host: PostHost;
  readonly #request: PostRequest;
  /** How many of its requests have no answer yet. */
  #waiting: number;
  readonly #answers: ResponseFrame[] = [];
  #response: ServerResponse | undefined;
  #events: EventStream | undefined;

  constructor(host: PostHost, stream: string, request: PostRequest, response: ServerResponse) {
    this.#host = host;
    this.stream = stream;
    this.#request = request;
    this.#waiting = request.requests;
    // On a response that is closed already, `close` does not come again.
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

  /** Is the client there to be told something? */
  get isConnected(): boolean {
    return this.#response !== undefined || this.#events !== undefined;
  }

  /** May messages that belong to no request in particular go here? */
  get takesMessages(): boolean {
    return this.#keepsMessages && !this.isDone && this.isConnected;
  }

  /** The moment for a plain JSON body is over. */
  startStream(): void {
    if (this.isDone || this.#events !== undefined || this.#response === undefined) return;
    this.#events = this.#host.openPostStream(this, this.#response);
    for (const { line } of this.#answers.splice(0)) this.#say(line);
  }

  /** The client came back for what it missed (`Last-Event-ID`): the rest goes to this stream. */
  resume(events: EventStream): void {
    // One that never began would be left without an end.
    this.startStream();
    this.#events?.end();
    this.#events = events;
  }

  /** The stream it was on is gone. */
  lost(events: EventStream): void {
    if (this.#events === events) this.#events = undefined;
  }

  message(frame: NotificationFrame | RequestFrame): void {
    if (this.isDone || !this.#keepsMessages) return this.#host.onStray(frame);
    this.startStream();
    this.#say(frame.line);
  }

  /** One of its requests was answered. */
  answer(frame: ResponseFrame): void {
    if (this.isDone) return;
    if (this.#events !== undefined || this.#response === undefined) this.#say(frame.line);
    else this.#answers.push(frame);
    this.#settle();
  }

  /** One of them was cancelled: no answer will come. */
  withdrawn(): void {
    if (!this.isDone) this.#settle();
  }

  /** Only events can carry more than the answers; without a connection they are kept. */
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

/** A long line is passed on unread: one that is broken must not spoil the others of its batch. */
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
