import type { GatewayError } from "./errors.ts";
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
  /** Throws what `receive` would throw for these messages because of others that run; passes none of them on. */
  judge(frames: readonly Frame[]): void;
  /** Passes a client's message on; throws a GatewayError when it is refused. */
  receive(frame: Frame, visit: Reception): void;
  /** The outlet cannot take more / can again. */
  pause(): void;
  resume(): void;
  /** Ends the session and its server process. Resolves when nothing is left; may be called again. */
  close(reason: EndReason): Promise<void>;
}

/** The circumstances in which a message arrives. */
export interface Reception {
  /** The HTTP request that brought it, as log and audit name it. */
  readonly requestId: string;
  /** How long its answer may take, when the caller wants another time than the session's. */
  readonly timeoutMs?: number | undefined;
}

/** Where a session's messages for the client go: implemented by each downstream. */
export interface Outlet {
  /**
   * `requestId` is the client's request that the message belongs to: the one it answers, or whose progress it tells;
   * undefined when the protocol does not say.
   */
  deliver(frame: Frame, requestId: RequestId | undefined): void;
  /** The client cancelled a request: it will get no answer. */
  cancelled(requestId: RequestId): void;
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

/** All that a downstream can do with sessions. */
export interface SessionTable {
  /** Throws `too_many_sessions` at a cap, `draining` at shutdown. */
  open(request: OpenSession): Session;
  /** The session, or undefined; somebody else's is not seen. */
  look(principal: Principal, server: string, id: string, transport: Transport): Session | undefined;
  /** Throws `session_not_found`, also for a session of somebody else. */
  find(principal: Principal, server: string, id: string, transport: Transport): Session;
}
