import type { ServerResponse } from "node:http";
import type { DelayQueue } from "../../lib/delay-queue.ts";
import { byteLength } from "../../lib/lines.ts";
import { modernCodes } from "../../protocol/eras/modern.ts";
import type { Reply } from "../../protocol/exchange.ts";
import type { NotificationFrame, ResponseFrame } from "../../protocol/frame.ts";
import { errorOf } from "../../protocol/result-text.ts";
import { endWatched } from "../end-watched.ts";
import { EventStream } from "../event-stream.ts";
import type { StreamCare } from "../stream-care.ts";
import type { AnswerForm } from "../streamable/answer-form.ts";
import { whenClosed } from "../when-closed.ts";

export interface ModernAnswerOptions {
  readonly form: AnswerForm;
  /** A listen: its stream is the answer. */
  readonly isListen: boolean;
  readonly streams: StreamCare;
  /** Answers that may still become one JSON body. */
  readonly undecided: DelayQueue<ModernAnswer>;
}

/** The HTTP statuses of errors (MCP 2026-07-28, transports, Streamable HTTP); all other errors are answers like any. */
const STATUSES: ReadonlyMap<number, number> = new Map<number, number>([
  [modernCodes.methodNotFound, 404],
  [modernCodes.headerMismatch, 400],
  [modernCodes.missingCapability, 400],
  [modernCodes.unsupportedVersion, 400],
]);

/**
 * The response to the POST of one request: a JSON body, or an event stream from its first notification on. A client that closes it has
 * cancelled the request. Streams cannot be resumed.
 */
export class ModernAnswer implements Reply {
  /** Undefined when it is closed: what still refers to this answer then keeps nothing of the request alive. */
  #response: ServerResponse | undefined;
  readonly #options: ModernAnswerOptions;
  #events: EventStream | undefined;
  #isClogged = false;
  #isDone = false;
  #cancel: (() => void) | undefined;

  constructor(response: ServerResponse, options: ModernAnswerOptions) {
    this.#response = response;
    this.#options = options;
    whenClosed(response, () => options.streams.guard(() => this.#onClosed()));
  }

  /** Whether nobody waits for it any more. */
  get hasLeft(): boolean {
    return this.#response === undefined;
  }

  /** The request has been passed on. */
  begin(cancel: () => void): void {
    if (this.#isDone) return;
    if (this.hasLeft) return cancel();
    this.#cancel = cancel;
    if (this.#options.form === "stream") this.startStream();
    else if (this.#options.form === "either" && this.#events === undefined) this.#options.undecided.add(this);
  }

  startStream(): void {
    const response = this.#response;
    if (this.#isDone || response === undefined || this.#events !== undefined) return;
    this.#options.undecided.remove(this);
    this.#events = new EventStream(response, this.#options.streams, {
      onClogged: () => (this.#isClogged = true),
      onDrained: () => (this.#isClogged = false),
      onClosed: () => undefined,
    });
  }

  /** Others share the process, so that a slow reader cannot make it wait: it loses what it may lose. */
  message(frame: NotificationFrame): void {
    if (this.#isDone || this.hasLeft || this.#options.form === "json") return;
    this.startStream();
    if (!this.#isClogged) this.#events?.send(frame.line);
    else if (this.#options.isListen) this.#response?.destroy();
  }

  answer(frame: ResponseFrame): void {
    if (this.#isDone) return;
    this.#finish();
    const response = this.#response;
    if (response === undefined) return;
    if (this.#events === undefined) return this.#writeBody(response, frame);
    this.#events.send(frame.line);
    this.#events.end();
  }

  withdrawn(): void {
    if (this.#isDone) return;
    this.#finish();
    // Without an answer; only a client that has left causes this.
    this.#response?.destroy();
  }

  #finish(): void {
    this.#isDone = true;
    this.#cancel = undefined;
    this.#options.undecided.remove(this);
  }

  #onClosed(): void {
    this.#response = undefined;
    this.#events = undefined;
    this.#options.undecided.remove(this);
    if (!this.#isDone) this.#cancel?.();
  }

  #writeBody(response: ServerResponse, frame: ResponseFrame): void {
    // Read once: for an error of the gateway it is written when it is needed.
    const { line } = frame;
    const status = frame.failed ? (STATUSES.get(errorOf(line).code) ?? 200) : 200;
    const headers = { "Content-Type": "application/json", "Content-Length": byteLength(line) };
    response.writeHead(status, headers);
    endWatched(response, line, this.#options.streams.limits.stallMs);
  }
}
