import type { IncomingHttpHeaders } from "node:http";
import type { ParsedEvent } from "../../lib/event-parser.ts";
import type { GatewayError } from "../../protocol/errors.ts";
import type { JsonBody } from "./json-body.ts";

/** What came back. `retryMs` is the wait that the stream asked for, `lastEventId` where it can be resumed. */
export type Outcome =
  | { readonly kind: "complete"; readonly form: Form; readonly lastEventId?: string; readonly retryMs?: number }
  | Refused
  | { readonly kind: "unfit"; readonly why: string }
  /** It was not sent, because the gateway's own credential cannot be had. */
  | { readonly kind: "refused"; readonly error: GatewayError }
  | Broken;

/** An HTTP status that is no success. */
export interface Refused {
  readonly kind: "status";
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Broken {
  readonly kind: "broken";
  readonly cause: unknown;
  /** Whether the request may have reached the server. */
  readonly wasSent: boolean;
  readonly lastEventId?: string;
  readonly retryMs?: number;
}

type Form = "events" | "json" | "empty";

/** What a response is for. */
export interface CallListener {
  /** A successful response has begun. */
  begun?(headers: IncomingHttpHeaders): void;
  /** An event of a stream. */
  event(event: ParsedEvent): void;
  /** A JSON body, complete. */
  json(body: JsonBody): void;
  /** A message that is too long; `head` and `tail` are its ends. */
  tooLong(head: string, tail: string, bytes: number): void;
  /** Nothing follows. Not called after `abort`. */
  over(outcome: Outcome): void;
}
