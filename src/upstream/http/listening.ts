import type { GatewayError } from "../../protocol/errors.ts";
import { guarded } from "../../protocol/events.ts";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import { withJitter } from "./circuit.ts";
import { isLostSession, outcomeError, unfitError } from "./failure.ts";
import type { CallListener, Outcome } from "./http-call.ts";
import type { JsonBody } from "./json-body.ts";
import type { Wire, WireCall } from "./wire.ts";

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
  /** The server does not know the session any more. */
  readonly lost: () => void;
  /** It is not opened again; without an error the server offers no such stream. */
  readonly failed: (error: GatewayError | undefined) => void;
}

/** Whatever the server says: it could have itself asked without pause. */
const SHORTEST_WAIT_MS = 100;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** So often in a row, without an event, a server is believed how soon it wants to be asked again. */
const POLLS = 3;
const NO_STREAM: readonly number[] = [400, 404, 405, 406, 415, 501];
/** Attempts to resume the answer to one request, without an event between them. */
const MAX_ATTEMPTS = 5;

/**
 * An event stream opened with GET (MCP 2025-11-25, transports, listening for messages, resumability): the one on which a server
 * speaks unasked, which lasts, or the rest of the answer to a request. When it stops, it is opened again where it stopped.
 */
export class Listening implements CallListener {
  readonly #options: ListeningOptions;
  #call: WireCall | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #attempts = 0;
  #hasBegun = false;
  #isOver = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#lastEventId = options.lastEventId;
    if (options.waitMs === undefined) this.#open();
    else this.#wait(options.waitMs);
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#call?.abort();
  }

  begun(): void {
    this.#hasBegun = true;
    // A server that closes each stream at once is not asked ever faster.
    if (this.#options.isLasting) this.#attempts = Math.min(this.#attempts, 1);
  }

  event(event: ParsedEvent): void {
    this.#attempts = 0;
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
    const { wire, lost, isLasting } = this.#options;
    const { server } = wire.remote;
    switch (outcome.kind) {
      case "complete":
        // An event that is only an id moves the place to resume at.
        this.#lastEventId = outcome.lastEventId ?? this.#lastEventId;
        return this.#again(undefined, outcome.retryMs);
      case "broken":
        this.#lastEventId = outcome.lastEventId ?? this.#lastEventId;
        return this.#again(outcomeError(server, outcome), outcome.retryMs);
      case "status":
        // Servers need not have such a stream (MCP 2025-11-25, transports, listening for messages); some say so with 404.
        if (isLasting && !this.#hasBegun && NO_STREAM.includes(outcome.status)) return this.#fail(undefined);
        if (isLostSession(outcome)) return lost();
        return this.#again(outcomeError(server, outcome), undefined);
      case "refused":
        return this.#again(outcome.error, undefined);
      case "unfit":
        return this.#fail(isLasting ? undefined : outcomeError(server, outcome));
    }
  }

  #open(): void {
    const { wire, headers } = this.#options;
    const place = this.#lastEventId === undefined ? [] : ["last-event-id", this.#lastEventId];
    this.#call = wire.start(
      { lane: "streams", method: "GET", headers: [...headers(), ...place], headersMs: 0, bodyMs: 0 },
      this,
    );
  }

  #again(error: GatewayError | undefined, retryMs: number | undefined): void {
    const { wire, isLasting } = this.#options;
    this.#attempts++;
    if (!isLasting && this.#attempts > MAX_ATTEMPTS) {
      const { server } = wire.remote;
      return this.#fail(error ?? unfitError(server, "it ends the stream of an answer again and again"));
    }
    const backoffMs = withJitter(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(10, this.#attempts - 1)));
    // A stream may be meant to be opened again and again; then the server says how soon.
    const isPolled = retryMs !== undefined && this.#attempts <= POLLS;
    const waitMs = isPolled ? Math.max(SHORTEST_WAIT_MS, Math.min(retryMs, LONGEST_WAIT_MS)) : backoffMs;
    this.#wait(Math.max(waitMs, wire.remote.circuit.waitMs));
  }

  #wait(ms: number): void {
    const { emit, server } = this.#options.wire.remote;
    this.#timer = setTimeout(
      () => guarded(emit, `a stream of "${server}" could not be opened again`, () => this.#open()),
      ms,
    ).unref();
  }

  #fail(error: GatewayError | undefined): void {
    this.close();
    this.#options.failed(error);
  }
}
