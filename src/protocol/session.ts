import type { ClientMessages } from "./client-frame.ts";
import type { GatewayError } from "./errors.ts";
import type { Reply } from "./exchange.ts";
import type { Frame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";
import type { Principal } from "./principal.ts";

export type Transport = "sse" | "streamable-http" | "rest";

export type EndReason =
  | "client closed"
  | "client too slow"
  | "idle"
  | "evicted"
  | "refused"
  | "server ended"
  | "server timeout"
  | "shutdown";

/** A session as it is now, for metrics. */
export interface SessionFacts {
  readonly server: string;
  readonly transport: Transport;
  /** The era of its client. */
  readonly era: string;
  /** Without one it hibernates. */
  readonly hasProcess: boolean;
}

/** One conversation of one principal with one server. */
export interface Session {
  readonly id: string;
  readonly server: string;
  readonly principal: Principal;
  /** The revision that the client requested in `initialize`, if known. */
  readonly clientRevision: string | undefined;
  /** Relays the messages of one HTTP body, all or none: throws a GatewayError when they are refused. */
  receive(messages: ClientMessages, reception: Reception): void;
  /** Whether this request is still waiting for its response. */
  waitsFor(id: RequestId): boolean;
  /** The time left to a request; it ends now if its time is over. Undefined when it no longer waits. */
  timeLeft(id: RequestId): number | undefined;
  /** Stops and restarts delivery to the outlet (backpressure). */
  pause(): void;
  resume(): void;
  /** Ends the session and its server process for good. Resolves when both are gone; idempotent. */
  close(reason: EndReason): Promise<void>;
}

/** The context in which messages arrive. */
export interface Reception {
  /** The id of the HTTP request, as in the log and the audit trail. */
  readonly requestId: string;
  /** Where the responses to these requests go; by default to the session's outlet. */
  readonly reply?: Reply | undefined;
  /** The caller's own timeout for a response, instead of the session's. */
  readonly timeoutMs?: number | undefined;
}

/** Where messages from the server to the client go; implemented by each downstream. */
export interface Outlet {
  /** Whether the client can receive a message now. */
  readonly isConnected: boolean;
  /** Delivers a message that belongs to no request, or to a request that has no reply of its own. */
  deliver(frame: Frame): void;
  /** The last call: nothing more is delivered. `error` tells why, unless the client closed the session. */
  ended(reason: EndReason, error: GatewayError | undefined): void;
}

export interface OpenSession {
  readonly principal: Principal;
  readonly server: string;
  readonly transport: Transport;
  /** The id of the HTTP request that opens it, as in the log and the audit trail. */
  readonly requestId: string;
  /** An id chosen by the caller (REST); by default the gateway generates one. */
  readonly id?: string;
  /** Creates the outlet of the new session. */
  readonly outlet: (session: Session) => Outlet;
}

export interface ResumeSession extends OpenSession {
  readonly id: string;
}

export interface SessionOpener {
  /** Throws `too_many_sessions` at a limit and `draining` during shutdown. */
  open(request: OpenSession): Session;
}

/** The operations that a downstream has on sessions. */
export interface SessionTable extends SessionOpener {
  /** The session, or undefined when it does not exist or belongs to another principal. */
  look(principal: Principal, server: string, id: string, transport: Transport): Session | undefined;
  /** Throws `session_not_found`, also for another principal's session. */
  find(principal: Principal, server: string, id: string, transport: Transport): Session;
  /** Like `find`, but also restores a session that has no process any more, or that was recorded before a restart. */
  resume(request: ResumeSession): Session;
}
