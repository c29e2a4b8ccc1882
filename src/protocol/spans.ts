import type { CallSpan } from "./exchange.ts";
import type { RequestFrame } from "./frame.ts";
import type { Transport } from "./session.ts";

/** An HTTP request that has arrived. */
export interface RequestArrival {
  readonly requestId: string;
  readonly method: string;
  /** Without the query, which may contain secrets. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request of a client that is passed to a server. */
export interface CallOpening {
  readonly server: string;
  readonly sessionId: string;
  readonly transport: Transport;
  /** The id of the HTTP request it arrived in. */
  readonly requestId: string;
  readonly frame: RequestFrame;
}

/** Starts the spans of a trace. */
export interface Spans {
  /** The returned function ends the span, with the status of the response. */
  request(arrival: RequestArrival): (status: number) => void;
  call(opening: CallOpening): CallSpan;
}
