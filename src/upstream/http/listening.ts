import type { GatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import type { CallListener, Outcome } from "./call-listener.ts";
import { isLostSession, outcomeError } from "./failure.ts";
import type { JsonBody } from "./json-body.ts";
import { Reopening } from "./reopening.ts";
import type { WireCall } from "./wire-call.ts";
import type { Wire } from "./wire.ts";

export interface ListeningOptions {
  readonly wire: Wire;
  /** The headers of the request that opens it, without `Last-Event-ID`. */
  readonly headers: () => readonly string[];
  readonly isLasting: boolean;
  /** Where to go on. */
  readonly lastEventId?: string | undefined;
  /** How long to wait before the first attempt. */
  readonly waitMs?: number | undefined;
  readonly event: (event: ParsedEvent) => void;
  readonly json: (body: JsonBody) => void;
  readonly tooLong: (head: string, tail: string, bytes: number) => void;
  /** It is opened where an earlier one stopped. */
  readonly resumed: () => void;
  /** Nothing more is expected. */
  readonly isDone: () => boolean;
  /** The server does not know the session any more. */
  readonly lost: () => void;
  /** It is not opened again; without an error the server offers no such stream. */
  readonly failed: (error: GatewayError | undefined) => void;
}

/** The server has no such stream, or not for this event id: to ask again would not change that. */
const NO_STREAM: readonly number[] = [400, 404, 405, 406, 415, 501];
/** What no header can have (RFC 9110 §5.5). */
const UNSENDABLE = /[^\x20-\x7e\x80-\xff]/;
/** Attempts in a row to resume the answer to one request that open no stream. */
const MAX_FAILURES = 7;

/**
 * An event stream opened with GET (MCP 2025-11-25, transports, listening for messages, resumability): the one on which a server
 * speaks unasked, which lasts, or the rest of the answer to a request. When it stops, it is opened again where it stopped.
 */
export class Listening implements CallListener {
  readonly #options: ListeningOptions;
  readonly #reopening: Reopening;
  #call: WireCall | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#reopening = new Reopening(options.isLasting);
    this.#lastEventId = options.lastEventId;
    if (options.waitMs === undefined) this.#open();
    else this.#wait(options.waitMs, () => this.#open());
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#call?.abort();
  }

  begun(): void {
    this.#hasBegun = true;
    this.#reopening.begun();
    if (this.#lastEventId !== undefined) this.#lookAgain();
  }

  event(event: ParsedEvent): void {
    this.#reopening.event();
    this.#lastEventId = event.id ?? this.#lastEventId;
    this.#options.event(event);
  }

  json(body: JsonBody): void {
    this.#options.json(body);
  }

  tooLong(head: string, tail: string, bytes: number): void {
    this.#options.tooLong(head, tail, bytes);
  }

  over(outcome: Outcome): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    if (this.#options.isDone()) return this.close();
    const { server } = this.#options.wire.remote;
    switch (outcome.kind) {
      case "complete":
        // An event that is only an id moves the place to resume at.
        this.#lastEventId = outcome.lastEventId ?? this.#lastEventId;
        return this.#again(undefined, outcome.retryMs);
      case "broken":
        this.#lastEventId = outcome.lastEventId ?? this.#lastEventId;
        // The wait that a server asks for is meant for streams that it ends itself.
        return this.#again(outcomeError(server, outcome), undefined);
      case "status":
        return this.#onStatus(outcome);
      case "refused":
        return this.#again(outcome.error, undefined);
      case "unfit":
        return this.#fail(this.#options.isLasting ? undefined : outcomeError(server, outcome));
    }
  }

  #onStatus(outcome: Extract<Outcome, { kind: "status" }>): void {
    const { lost, isLasting, wire } = this.#options;
    const error = outcomeError(wire.remote.server, outcome);
    const isNone = NO_STREAM.includes(outcome.status);
    // Servers need not have such a stream (MCP 2025-11-25, transports, listening for messages); some say so with 404.
    if (isLasting && !this.#hasBegun && isNone) return this.#fail(undefined);
    if (isLostSession(outcome)) return lost();
    if (isNone && !isLasting) return this.#fail(error);
    // An event id that the server does not know any more.
    if (outcome.status === 400) this.#lastEventId = undefined;
    this.#again(error, undefined);
  }

  #open(): void {
    const { wire, headers, resumed } = this.#options;
    const eventId = eventIdHeader(this.#lastEventId);
    if (eventId !== undefined) resumed();
    const place = eventId === undefined ? [] : ["last-event-id", eventId];
    this.#reopening.opened(eventId !== undefined);
    this.#call = wire.start(
      { lane: "streams", method: "GET", headers: [...headers(), ...place], headersMs: 0, bodyMs: 0 },
      this,
    );
  }

  #again(error: GatewayError | undefined, retryMs: number | undefined): void {
    const { wire, isLasting } = this.#options;
    this.#reopening.ended();
    if (!isLasting && error !== undefined && this.#reopening.failures > MAX_FAILURES) return this.#fail(error);
    this.#wait(Math.max(this.#reopening.waitMs(retryMs), wire.remote.circuit.waitMs), () => this.#open());
  }

  /**
   * Servers exist that replay what they have kept, and then send nothing more on the resumed stream (server-everything is one).
   * Until one has shown that it does, its stream is resumed anew now and then.
   */
  #lookAgain(): void {
    const lookMs = this.#reopening.lookMs;
    if (lookMs === undefined) return;
    this.#wait(lookMs, () => {
      if (this.#options.isDone()) return;
      this.#call?.abort();
      this.#open();
    });
  }

  #wait(ms: number, then: () => void): void {
    const { emit, server } = this.#options.wire.remote;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => guarded(emit, `a stream of "${server}" could not be opened again`, then),
      ms,
    ).unref();
  }

  #fail(error: GatewayError | undefined): void {
    this.close();
    this.#options.failed(error);
  }
}

/** The bytes of UTF-8 (WHATWG HTML §9.2.4), each as one character; undefined when a stream cannot be resumed there. */
export function eventIdHeader(id: string | undefined): string | undefined {
  const header = id === undefined ? undefined : Buffer.from(id, "utf8").toString("latin1");
  return header === undefined || UNSENDABLE.test(header) ? undefined : header;
}
