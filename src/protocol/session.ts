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
  | "server ended"
  | "server timeout"
  | "shutdown";

/** One conversation of one principal with one server. */
export interface Session {
  readonly id: string;
  readonly server: string;
  readonly principal: Principal;
  /** What the client asked for in `initialize`, as far as that is known. */
  readonly clientRevision: string | undefined;
  /** Passes the messages of one HTTP body on, all of them or none: throws a GatewayError when they are refused. */
  receive(messages: ClientMessages, reception: Reception): void;
  /** Does this request still wait for its answer? */
  waitsFor(id: RequestId): boolean;
  /** How long a request may wait yet; it ends now if its time is over. Undefined when it waits no more. */
  timeLeft(id: RequestId): number | undefined;
  /** The outlet cannot take more / can again. */
  pause(): void;
  resume(): void;
  /** Ends the session and its server process; nobody comes back to it. Resolves when nothing is left; may be called again. */
  close(reason: EndReason): Promise<void>;
}

/** The circumstances in which messages arrive. */
export interface Reception {
  /** The HTTP request that brought them, as log and audit name it. */
  readonly requestId: string;
  /** Where the answers to their requests go; to the session's outlet when there is none. */
  readonly reply?: Reply | undefined;
  /** How long an answer may take, when the caller wants another time than the session's. */
  readonly timeoutMs?: number | undefined;
}

/** Where the messages go that a server sends to a client: implemented by each downstream. */
export interface Outlet {
  /** Can the client be told something at this moment? */
  readonly isConnected: boolean;
  /** A message that belongs to no request, or to one that came without a reply of its own. */
  deliver(frame: Frame): void;
  /** Nothing will be delivered any more. `error` says why when it was not the client's wish. */
  ended(reason: EndReason, error: GatewayError | undefined): void;
}

export interface OpenSession {
  readonly principal: Principal;
  readonly server: string;
  readonly transport: Transport;
  /** The HTTP request that asked for it, as log and audit name it. */
  readonly requestId: string;
  /** An id that the caller chose (REST); else the gateway mints one. */
  readonly id?: string;
  /** Given the session, makes its outlet. */
  readonly outlet: (session: Session) => Outlet;
}

export interface ResumeSession extends OpenSession {
  readonly id: string;
}

export interface SessionOpener {
  /** Throws `too_many_sessions` at a cap, `draining` at shutdown. */
  open(request: OpenSession): Session;
}

/** All that a downstream can do with sessions. */
export interface SessionTable extends SessionOpener {
  /** The session, or undefined; somebody else's is not seen. */
  look(principal: Principal, server: string, id: string, transport: Transport): Session | undefined;
  /** Throws `session_not_found`, also for a session of somebody else. */
  find(principal: Principal, server: string, id: string, transport: Transport): Session;
  /** As `find`; a session that has no process any more, or had one before a restart, is there again. */
  resume(request: ResumeSession): Session;
}
