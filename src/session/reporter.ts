import { guarded, type Events } from "../protocol/events.ts";
import type { Exchange, ExchangeOutcome } from "../protocol/exchange.ts";
import type { Frame } from "../protocol/frame.ts";
import { principalKey } from "../protocol/principal.ts";
import type { EndReason } from "../protocol/session.ts";
import type { SessionKey } from "./context.ts";

/** Emits the events of one session. */
export class SessionReporter {
  readonly #session: SessionKey;
  readonly #events: Events;
  #requests = 0;

  constructor(session: SessionKey, events: Events) {
    this.#session = session;
    this.#events = events;
  }

  message(from: "client" | "server", { line }: Frame, requestId: string | undefined): void {
    if (!this.#events.tracing) return;
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.message", server, sessionId, from, line, requestId });
  }

  exchange({ method, requestId, startedAt }: Exchange, outcome: ExchangeOutcome): void {
    this.#requests++;
    if (!this.#events.exchanges) return;
    const { server, id: sessionId, transport } = this.#session;
    const principal = principalKey(this.#session.principal);
    const ms = performance.now() - startedAt;
    this.#events.emit({ type: "exchange", server, sessionId, transport, principal, requestId, method, outcome, ms });
  }

  timeout(method: string, afterMs: number): void {
    const { server, id: sessionId } = this.#session;
    this.#events.emit({ type: "session.timeout", server, sessionId, method, afterMs });
  }

  /** An error on the client's side must not prevent the rest of the cleanup. */
  guard(run: () => void): void {
    guarded(this.#events.emit, `the client of "${this.#session.server}" could not be told that its session ended`, run);
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
    this.#events.emit({ type: "session.closed", server, sessionId, transport, reason, requests: this.#requests });
  }

  trouble(what: string, cause: unknown): void {
    this.#events.emit({ type: "trouble", what, cause });
  }
}
