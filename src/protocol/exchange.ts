import type { Reason } from "./errors.ts";
import type { NotificationFrame, ProgressToken, ResponseFrame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";

/** Where the answer to a request goes. It is told exactly one end: `answer` or `withdrawn`. */
export interface Reply {
  /** Something that belongs to the request and comes before its answer, such as progress. */
  message(frame: NotificationFrame): void;
  answer(frame: ResponseFrame): void;
  /** The client cancelled the request: no answer will come. */
  withdrawn(): void;
}

/** One request of a client and its answer. */
export interface Exchange {
  readonly id: RequestId;
  readonly method: string;
  readonly progressToken: ProgressToken | undefined;
  readonly reply: Reply;
  /** The HTTP request that brought it, as log and audit name it. */
  readonly requestId: string;
  /** Monotonic, as `performance.now()`. */
  readonly startedAt: number;
  /** How long an answer may take, from the last sign of progress. */
  readonly timeoutMs: number;
  expiresAt: number;
}

/** How an exchange ended: with what the server answered, cancelled by its client, or with an error of the gateway. */
export type ExchangeOutcome = "result" | "error" | "cancelled" | Reason;
