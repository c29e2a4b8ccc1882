import type { Reason } from "./errors.ts";
import type { NotificationFrame, ProgressToken, ResponseFrame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";

/** Where the response to a request goes. Exactly one of `answer` and `withdrawn` is called, once. */
export interface Reply {
  /** A message that belongs to the request and precedes its response, such as progress. */
  message(frame: NotificationFrame): void;
  answer(frame: ResponseFrame): void;
  /** The client cancelled the request: there will be no response. */
  withdrawn(): void;
}

/** Hears how an exchange ended; made by a step of the admission. Must not throw. */
export interface ExchangeRecord {
  /** `answer` is the response that the client gets; undefined when the client has cancelled the request. */
  closed(outcome: ExchangeOutcome, answer: ResponseFrame | undefined): void;
}

/** What goes on to the server in `params._meta` (W3C Trace Context §3.2, §3.3). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

/** The span of an exchange. */
export interface CallSpan {
  /** Undefined when the SDK is switched off. */
  readonly context: TraceContext | undefined;
  end(exchange: Exchange, outcome: ExchangeOutcome, answer: ResponseFrame | undefined): void;
}

/** One request of a client and its response. */
export interface Exchange {
  readonly id: RequestId;
  readonly method: string;
  /** The name in a `tools/call`. */
  readonly tool: string | undefined;
  readonly progressToken: ProgressToken | undefined;
  readonly reply: Reply;
  /** The id of the HTTP request it arrived in, as in the log and the audit trail. */
  readonly requestId: string;
  /** Monotonic (`performance.now()`). */
  readonly startedAt: number;
  /** The timeout for the response; progress restarts it. */
  readonly timeoutMs: number;
  expiresAt: number;
  readonly records: readonly ExchangeRecord[];
  /** Turns the server's response into what the client may see. May throw a GatewayError, which is the response then. */
  readonly revise: ((answer: ResponseFrame) => ResponseFrame) | undefined;
  readonly span: CallSpan | undefined;
}

/** How an exchange ended: with the server's response (`tool_error`: its result says that the tool failed), cancelled by the client, or with an error of the gateway. */
export type ExchangeOutcome = "result" | "error" | "cancelled" | Reason;
