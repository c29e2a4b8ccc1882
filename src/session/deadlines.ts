import { cancellation } from "../protocol/cancellation.ts";
import { GatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Exchange } from "../protocol/exchange.ts";
import type { NotificationFrame } from "../protocol/frame.ts";
import { type RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { SessionParts } from "./session-parts.ts";

export interface DeadlineListener {
  /** A request timed out: the server is to be sent this cancellation. */
  withdrawn(cancellation: NotificationFrame): void;
  /** The server has sent nothing since its start. */
  silent(error: GatewayError): void;
}

/** The timeouts of a session's requests. */
export class Deadlines {
  readonly #parts: SessionParts;
  readonly #listener: DeadlineListener;
  #isSilent = true;

  constructor(parts: SessionParts, listener: DeadlineListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** A new process is starting: until it responds, the start timeout applies. */
  started(): void {
    this.#isSilent = true;
  }

  spoken(): void {
    if (!this.#isSilent) return;
    this.#isSilent = false;
    // What was sent to a starting server has its whole time from now on.
    this.#parts.exchanges.allow(performance.now());
  }

  /** `ownMs` is the caller's own timeout. */
  timesFor(ownMs: number | undefined): { readonly timeoutMs: number; readonly firstMs: number } {
    const { limits } = this.#parts.context;
    const timeoutMs = ownMs ?? this.#entryMs ?? limits.requestMs;
    const isFirst = this.#isSilent && Number.isFinite(timeoutMs);
    return { timeoutMs, firstMs: isFirst ? limits.startMs : timeoutMs };
  }

  /** The client has responded to the server. */
  answered(now: number): void {
    const { exchanges, serverRequests, context } = this.#parts;
    if (!serverRequests.areOpen) exchanges.postpone(serverRequests.openMs(now), context.limits.requestMaxMs);
  }

  /** Of one request, after a look at all of them. */
  timeLeft(id: RequestId, now: number): number | undefined {
    const { exchanges, session, context } = this.#parts;
    const what = `a clock failed for a session of "${session.server}"`;
    guarded(context.events.emit, what, () => this.check(now));
    return exchanges.timeLeft(id, now);
  }

  check(now: number): void {
    const { exchanges, serverRequests, context } = this.#parts;
    // While the server waits for the client's response, a person may be thinking.
    const maxMs = serverRequests.areOpen ? context.limits.requestMaxMs : undefined;
    for (const exchange of exchanges.expired(now, maxMs)) this.#timeOut(exchange, now);
  }

  #timeOut(exchange: Exchange, now: number): void {
    const { exchanges, reporter } = this.#parts;
    const { id, method } = exchange;
    const afterMs = Math.round(now - exchange.startedAt);
    const error = this.#isSilent ? this.#startError(afterMs) : this.#requestError(exchange, afterMs);
    reporter.timeout(method, afterMs);
    if (this.#isSilent) return this.#listener.silent(error);
    exchanges.fail(id, error);
    if (typeof id === "bigint" || method === methods.initialize) return;
    this.#listener.withdrawn(cancellation(id, "timed out"));
  }

  /** What the entry of the server says. REST calls bring their own time, and what is listed for all has that of all servers. */
  get #entryMs(): number | undefined {
    const { session, settings } = this.#parts;
    return session.transport === "rest" ? undefined : settings.timeoutMs;
  }

  #startError(afterMs: number): GatewayError {
    const limit = "limits.start";
    const message = `The MCP server "${this.#parts.session.server}" did not answer within ${afterMs} ms of its start (${limit}).`;
    return new GatewayError("start_timeout", message, { data: { limit } });
  }

  #requestError({ method, timeoutMs }: Exchange, afterMs: number): GatewayError {
    const { session, context } = this.#parts;
    const { server } = session;
    const { requestMaxMs } = context.limits;
    const ownLimit = timeoutMs === this.#entryMs ? `servers.${server}.timeout` : "limits.request";
    const isLongest = afterMs >= requestMaxMs && timeoutMs < requestMaxMs;
    const limit = isLongest ? "limits.requestMax" : ownLimit;
    const message = `The MCP server "${server}" did not answer ${method.slice(0, 64)} within ${afterMs} ms (${limit}).`;
    return new GatewayError("call_timeout", message, { data: { limit } });
  }
}
