import { member } from "../lib/json.ts";
import { modernMethods } from "../protocol/eras/modern.ts";
import { toGatewayError, type GatewayError } from "../protocol/errors.ts";
import type { CallSpan, Exchange, ExchangeOutcome, ExchangeRecord, Reply } from "../protocol/exchange.ts";
import { faultFrame } from "../protocol/fault-frame.ts";
import { isProgressToken, type ProgressToken, type RequestFrame, type ResponseFrame } from "../protocol/frame.ts";
import type { RequestId } from "../protocol/jsonrpc.ts";
import { methods } from "../protocol/methods.ts";
import type { Outlet } from "../protocol/session.ts";

export interface Opening {
  readonly requestId: string;
  readonly reply: Reply;
  /** Monotonic (`performance.now()`). */
  readonly startedAt: number;
  readonly timeoutMs: number;
  /** Replaces `timeoutMs` until the first progress notification. */
  readonly firstMs: number;
  readonly records?: readonly ExchangeRecord[] | undefined;
  readonly revise?: Exchange["revise"];
  readonly span?: CallSpan | undefined;
}

const NO_RECORDS: readonly ExchangeRecord[] = [];

/** Called once for each exchange, when it is over; `answer` is undefined when the client has cancelled it. */
export type ExchangeListener = (
  exchange: Exchange,
  outcome: ExchangeOutcome,
  answer: ResponseFrame | undefined,
) => void;

/** The open exchanges of a session, by request id and by progress token. */
export class Exchanges {
  readonly #onClosed: ExchangeListener;
  readonly #byId = new Map<RequestId, Exchange>();
  readonly #byToken = new Map<ProgressToken, Exchange>();
  /** How many of them are subscriptions. */
  #endless = 0;

  constructor(onClosed: ExchangeListener) {
    this.#onClosed = onClosed;
  }

  /** Without those that last until one side ends them. */
  get size(): number {
    return this.#byId.size - this.#endless;
  }

  has(id: RequestId): boolean {
    return this.#byId.has(id);
  }

  get(id: RequestId): Exchange | undefined {
    return this.#byId.get(id);
  }

  timeLeft(id: RequestId, now: number): number | undefined {
    const exchange = this.#byId.get(id);
    return exchange === undefined ? undefined : exchange.expiresAt - now;
  }

  open(frame: RequestFrame, opening: Opening): void {
    const { requestId, reply, startedAt, timeoutMs, firstMs, records = NO_RECORDS, revise, span } = opening;
    const { id, method } = frame;
    const progressToken = progressTokenOf(frame);
    const expiresAt = startedAt + firstMs;
    const tool = method === methods.callTool ? toolOf(frame) : undefined;
    const exchange: Exchange = {
      id,
      method,
      tool,
      progressToken,
      reply,
      requestId,
      startedAt,
      timeoutMs,
      expiresAt,
      records,
      revise,
      span,
    };
    this.#byId.set(id, exchange);
    if (isListen(exchange)) this.#endless++;
    if (progressToken !== undefined) this.#byToken.set(progressToken, exchange);
  }

  /** Passes a response to the exchange that waits for it; undefined when there is none (any more). */
  answer(frame: ResponseFrame): Exchange | undefined {
    const exchange = this.#take(frame.id);
    if (exchange === undefined) return undefined;
    const answer = exchange.revise === undefined ? frame : revised(frame, exchange);
    exchange.reply.answer(answer);
    this.#close(exchange, answer.fault?.reason ?? outcomeOf(answer), answer);
    return exchange;
  }

  /** Responds with an error of the gateway, if the request is still open. */
  fail(id: RequestId | undefined, error: GatewayError): void {
    const exchange = id === undefined ? undefined : this.#take(id);
    if (exchange === undefined) return;
    const frame = faultFrame(exchange.id, error, exchange.requestId);
    exchange.reply.answer(frame);
    this.#close(exchange, error.reason, frame);
  }

  /** The client has cancelled the request. */
  cancel(id: RequestId): void {
    const exchange = this.#take(id);
    if (exchange === undefined) return;
    exchange.reply.withdrawn();
    this.#close(exchange, "cancelled", undefined);
  }

  withToken(token: unknown): Exchange | undefined {
    return isProgressToken(token) ? this.#byToken.get(token) : undefined;
  }

  /** The exchanges whose timeout has expired; they stay open. While the timeouts are suspended, only `maxMs` applies. */
  expired(now: number, maxMs?: number): Exchange[] {
    const expired: Exchange[] = [];
    for (const exchange of this.#byId.values()) {
      const { startedAt, timeoutMs, expiresAt } = exchange;
      const endsAt = maxMs === undefined ? expiresAt : Math.max(expiresAt, startedAt + Math.max(maxMs, timeoutMs));
      if (endsAt <= now) expired.push(exchange);
    }
    return expired;
  }

  /** Extends all timeouts by the `ms` for which they were suspended. */
  postpone(ms: number, maxMs: number): void {
    for (const exchange of this.#byId.values()) {
      const latest = Math.max(exchange.expiresAt, exchange.startedAt + maxMs);
      exchange.expiresAt = Math.min(exchange.expiresAt + ms, latest);
    }
  }

  /** From now on each has its own timeout, except the handshake, which is part of the start. */
  allow(now: number): void {
    for (const exchange of this.#byId.values()) {
      if (exchange.method !== methods.initialize) exchange.expiresAt = now + exchange.timeoutMs;
    }
  }

  all(): Exchange[] {
    return [...this.#byId.values()];
  }

  #close(exchange: Exchange, outcome: ExchangeOutcome, answer: ResponseFrame | undefined): void {
    this.#onClosed(exchange, outcome, answer);
    for (const record of exchange.records) record.closed(outcome, answer);
  }

  #take(id: RequestId): Exchange | undefined {
    const exchange = this.#byId.get(id);
    if (exchange === undefined) return undefined;
    this.#byId.delete(id);
    if (isListen(exchange)) this.#endless--;
    const { progressToken } = exchange;
    if (progressToken !== undefined && this.#byToken.get(progressToken) === exchange)
      this.#byToken.delete(progressToken);
    return exchange;
  }
}

function revised(frame: ResponseFrame, { revise, requestId }: Exchange): ResponseFrame {
  try {
    return revise?.(frame) ?? frame;
  } catch (error) {
    return faultFrame(frame.id, toGatewayError(error), requestId);
  }
}

function outcomeOf({ failed, isError }: ResponseFrame): ExchangeOutcome {
  if (failed) return "error";
  return isError === true ? "tool_error" : "result";
}

function toolOf({ params }: RequestFrame): string | undefined {
  const name = params?.["name"];
  return typeof name === "string" ? name : undefined;
}

/** A subscription, which lasts until one side ends it. A call without a timeout is still a call. */
const isListen = ({ method, timeoutMs }: Exchange): boolean =>
  method === modernMethods.listen && timeoutMs === Infinity;

/** Progress restarts the timeout of a request, within the maximum duration. */
export function renew(exchange: Exchange, now: number, maxMs: number): void {
  const renewed = Math.min(now + exchange.timeoutMs, exchange.startedAt + maxMs);
  exchange.expiresAt = Math.max(exchange.expiresAt, renewed);
}

/** `params._meta.progressToken` (MCP, utilities, progress). */
function progressTokenOf({ params }: RequestFrame): ProgressToken | undefined {
  if (params === undefined) return undefined;
  const token = member(params["_meta"], "progressToken");
  return isProgressToken(token) ? token : undefined;
}

/** The reply for requests that came without one: delivers to the session's outlet. */
export const replyThrough = (outlet: Outlet): Reply => ({
  message: (frame) => outlet.deliver(frame),
  answer: (frame) => outlet.deliver(frame),
  withdrawn: () => undefined,
});
