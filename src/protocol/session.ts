import type { ClientMessages } from "./client-frame.ts";
import type { GatewayError } from "./errors.ts";
import type { Reply } from "./exchange.ts";
import type { Frame } from "./frame.ts";
import type { RequestId } from "./jsonrpc.ts";
import type { CallerHeaders } from "./upstream.ts";
import type { Principal } from "./principal.ts";
import type { Quota } from "./quota.ts";
import type { Connect } from "./upstream.ts";

/** `modern` is Streamable HTTP of MCP 2026-07-28, where the gateway holds sessions that no client knows of. */
export type Transport = "sse" | "streamable-http" | "rest" | "stdio" | "modern";

export type EndReason =
  | "client closed"
  | "client too slow"
  | "idle"
  | "evicted"
  | "refused"
  | "ended by operator"
  | "server ended"
  | "server timeout"
  | "shutdown";

/** A session as it is now, for those who watch the gateway. */
export interface SessionFacts {
  /** Identifies the session. Contains its id, which is enough to use it where nothing authenticates: never shown. */
  readonly key: string;
  readonly id: string;
  /** The key of its principal. */
  readonly principal: string;
  readonly server: string;
  readonly transport: Transport;
  /** The era of its client. */
  readonly era: string;
  /** Without one it hibernates. */
  readonly hasProcess: boolean;
  readonly ageMs: number;
  /** Zero while a request waits for its answer. */
  readonly idleMs: number;
  /** Requests of the client that have ended. */
  readonly calls: number;
}

/** One conversation of one principal with one server. */
export interface Session {
  readonly id: string;
  readonly server: string;
  readonly principal: Principal;
  /** The revision that the client requested in `initialize`, if known. */
  readonly clientRevision: string | undefined;
  /**
   * Relays the messages of one HTTP body, all or none: throws a GatewayError when they are refused. Returns a promise, which
   * may reject with one, when they have to wait for their admission.
   */
  receive(messages: ClientMessages, reception: Reception): Promise<void> | void;
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
  /** Who sent this HTTP request; by default the principal of the session. */
  readonly principal?: Principal | undefined;
  /** A message of the gateway itself, such as the handshake of a REST session: nothing is asked about it. */
  readonly isOwn?: boolean | undefined;
  /** Hears how much of its rate limit the caller has left, before the messages are relayed. */
  readonly onQuota?: ((quota: Quota) => void) | undefined;
  /** Headers of that HTTP request, as far as some server wants any. */
  readonly caller?: CallerHeaders | undefined;
  /** The caller's own timeout for a response, instead of the session's; Infinity for a request that lasts until one side ends it. */
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
  /** Headers of that HTTP request, as far as some server wants any. */
  readonly caller?: CallerHeaders | undefined;
  /** An id chosen by the caller (REST); by default the gateway generates one. */
  readonly id?: string;
  /** Creates the outlet of the new session. */
  readonly outlet: (session: Session) => Outlet;
  /** After this time without a message its process is ended, instead of limits.idle. */
  readonly idleMs?: number | undefined;
  /** How the session reaches its server, instead of directly. */
  readonly connect?: Connect;
}

export interface ResumeSession extends OpenSession {
  readonly id: string;
}

export interface SessionOpener {
  /** Throws `too_many_sessions` at a limit and `draining` during shutdown. */
  open(request: OpenSession): Session;
}

/** A process that a session has besides its own, because there are several servers behind its endpoint. */
export interface Guest {
  readonly principal: Principal;
  readonly server: string;
  readonly presence: {
    readonly isConnected: boolean;
    readonly isInitialized: boolean;
    /** For how long it has been of no use. */
    idleMs(now: number): number;
  };
  /** Ends the process: its place is needed, or nobody has used it for a long time. */
  evict(): void;
}

/** The places for processes, of which there are as many as limits.sessions and its likes say. */
export interface ProcessRoom {
  /** Throws `too_many_sessions` at a limit. */
  enter(guest: Guest): void;
  leave(guest: Guest): void;
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
