import type { GatewayError } from "../protocol/errors.ts";
import { guarded, type Events } from "../protocol/events.ts";
import type { CallSpan, Exchange, ExchangeOutcome } from "../protocol/exchange.ts";
import type { Frame, RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import { methods } from "../protocol/methods.ts";
import { principalKey } from "../protocol/principal.ts";
import type { EndReason, SessionFacts } from "../protocol/session.ts";
import type { SessionRecording } from "../protocol/recording.ts";
import type { SessionKey } from "./context.ts";
import { keyOf, shownTransport } from "./session-key.ts";

/** Emits the events of one session. */
export class SessionReporter {
  readonly #session: SessionKey;
  readonly #events: Events;
  /** Whose session it is, once an event has named it. */
  #principal: string | undefined;
  /** Undefined when nothing is recorded. */
  #recording: SessionRecording | undefined;
  readonly #openedAt = performance.now();
  #requests = 0;

  constructor(session: SessionKey, events: Events) {
    this.#session = session;
    this.#events = events;
  }

  /** Begins the recording; not before it is certain that the session will end, too. */
  opened(): void {
    const { recorder } = this.#events;
    if (recorder === undefined) return;
    const { principal, server, transport } = this.#session;
    this.#recording = recorder.record({
      key: keyOf(this.#session),
      server,
      principal: principalKey(principal),
      ...shownTransport(transport),
    });
  }

  /** `now` is monotonic. */
  facts(key: string, now: number, state: Pick<SessionFacts, "hasProcess" | "idleMs">): SessionFacts {
    const { id, server, principal, transport } = this.#session;
    const ageMs = now - this.#openedAt;
    const calls = this.#requests;
    return {
      key,
      id,
      principal: principalKey(principal),
      server,
      ...shownTransport(transport),
      ageMs,
      calls,
      ...state,
    };
  }

  /** Requests of the client that have ended. */
  get requests(): number {
    return this.#requests;
  }

  message(from: "client" | "server", frame: Frame, requestId: string | undefined): void {
    this.#recording?.message(from, frame);
    if (!this.#events.tracing) return;
    const { line } = frame;
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.message", server, sessionId, from, line, requestId });
  }

  /** Undefined unless a trace is on. */
  call(frame: RequestFrame, requestId: string): CallSpan | undefined {
    const { spans } = this.#events;
    if (spans === undefined) return undefined;
    const { server, id: sessionId, transport } = this.#session;
    return spans.call({ server, sessionId, transport, requestId, frame });
  }

  exchange(exchange: Exchange, outcome: ExchangeOutcome, answer: ResponseFrame | undefined): void {
    this.#requests++;
    exchange.span?.end(exchange, outcome, answer);
    if (this.#recording === undefined && !this.#events.exchanges) return;
    const { method, tool, requestId, startedAt } = exchange;
    const ms = performance.now() - startedAt;
    if (answer !== undefined) this.#recording?.answered(exchange, answer, ms);
    if (!this.#events.exchanges) return;
    const { server, id: sessionId, transport } = this.#session;
    const { emit } = this.#events;
    // A list that was revised for its reader says nothing of the rest.
    const isWhole = exchange.revise === undefined;
    if (method === methods.listTools && outcome === "result" && isWhole && answer !== undefined)
      emit({ type: "tools.listed", server, sessionId, line: answer.line });
    this.#principal ??= principalKey(this.#session.principal);
    const principal = this.#principal;
    emit({ type: "exchange", server, sessionId, transport, principal, requestId, method, tool, outcome, ms });
  }

  /** A request that went no further than to the gateway, which answers it. */
  turnedAway(frame: RequestFrame, answer: ResponseFrame): void {
    this.#recording?.message("client", frame);
    this.#recording?.message("server", answer);
  }

  timeout(method: string, afterMs: number): void {
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.timeout", server, sessionId, method, afterMs });
  }

  /** An error on the client's side must not prevent the rest of the cleanup. */
  guard(run: () => void): void {
    guarded(this.#events.emit, `the client of "${this.#session.server}" could not be told that its session ended`, run);
  }

  refused(error: GatewayError, requestId: string): void {
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.refused", server, sessionId, requestId, error });
  }

  hibernated(reason: EndReason): void {
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.hibernated", server, sessionId, reason });
  }

  woken(): void {
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.woken", server, sessionId });
  }

  closed(reason: EndReason): void {
    const { server, id: sessionId, transport } = this.#session;
    this.#recording?.ended(reason);
    this.#events.emit({ type: "session.closed", server, sessionId, transport, reason, requests: this.#requests });
  }

  /** Only the record of the session remains. */
  dropped(reason: EndReason): void {
    this.#recording?.ended(reason);
  }

  trouble(what: string, cause: unknown): void {
    this.#events.emit({ type: "trouble", what, cause });
  }
}
