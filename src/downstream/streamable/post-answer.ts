import type { ServerResponse } from "node:http";
import { byteLength, type Line } from "../../lib/lines.ts";
import type { Replay } from "../../session/replay.ts";
import { endWatched } from "../end-watched.ts";
import type { EventStream } from "../event-stream.ts";
import type { AnswerForm } from "./answer-form.ts";

export interface PostAnswerOptions {
  /** Its name in event ids. */
  readonly stream: string;
  /** How many answers are to come. */
  readonly requests: number;
  readonly isBatch: boolean;
  readonly form: AnswerForm;
  readonly stallMs: number;
  readonly replay: Replay;
  /** Begins an event stream on a response. */
  readonly openStream: (response: ServerResponse, stream: string) => EventStream;
  /** No request of it waits any more. */
  readonly onDone: (answer: PostAnswer) => void;
}

/**
 * The answer to one POST that brought requests. Where the client takes both forms it stays undecided for a moment: what is
 * complete by then goes out as one JSON body, everything else as an event stream, so that nobody waits for headers.
 * When the connection is lost the work goes on (a disconnect is not a cancel), and what would have been said is kept.
 */
export class PostAnswer {
  readonly stream: string;
  readonly #options: PostAnswerOptions;
  /** How many of its requests have no answer yet. */
  #waiting: number;
  readonly #answers: Line[] = [];
  #response: ServerResponse | undefined;
  #events: EventStream | undefined;

  constructor(response: ServerResponse, options: PostAnswerOptions) {
    this.#options = options;
    this.stream = options.stream;
    this.#waiting = options.requests;
    this.#response = response;
    response.once("close", () => this.#onClose());
  }

  get form(): AnswerForm {
    return this.#options.form;
  }

  /** May messages that belong to its requests go here? Without a connection they are kept for it. */
  get keepsMessages(): boolean {
    return this.form !== "json";
  }

  /** May messages that belong to no request in particular go here? */
  get takesMessages(): boolean {
    return this.keepsMessages && (this.#response !== undefined || this.#events !== undefined);
  }

  /** The moment for a plain JSON body is over. */
  startStream(): void {
    if (this.#events !== undefined || this.#response === undefined) return;
    this.#events = this.#options.openStream(this.#response, this.stream);
    for (const line of this.#answers) this.#say(line);
  }

  /** The client came back for what it missed (`Last-Event-ID`): the rest goes to this stream. */
  resume(events: EventStream): void {
    this.#events?.end();
    this.#events = events;
  }

  /** The stream it was on is gone. */
  lost(events: EventStream): void {
    if (this.#events === events) this.#events = undefined;
  }

  message(line: Line): void {
    this.startStream();
    this.#say(line);
  }

  /** One of its requests was answered. */
  answer(line: Line): void {
    if (this.#events !== undefined || this.#response === undefined) this.#say(line);
    else this.#answers.push(line);
    if (--this.#waiting === 0) this.#finish();
  }

  /** One of them was cancelled: no answer will come. */
  withdraw(): void {
    if (--this.#waiting === 0) this.#finish();
  }

  #say(line: Line): void {
    const id = this.#options.replay.add(this.stream, line, this.#events !== undefined);
    this.#events?.send(line, { id });
  }

  #finish(): void {
    this.#options.onDone(this);
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
    const body = this.#options.isBatch ? `[${this.#answers.map(String).join(",")}]` : first;
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": byteLength(body) });
    endWatched(response, body, this.#options.stallMs);
  }

  #onClose(): void {
    this.#response = undefined;
  }
}
