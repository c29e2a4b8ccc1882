import type { Era } from "./eras/modern.ts";
import type { GatewayError } from "./errors.ts";
import type { Frame, RequestFrame } from "./frame.ts";
import type { Principal } from "./principal.ts";
import type { RequestId } from "./jsonrpc.ts";

/** A connection to one MCP server, owned by one session. While the server is starting, messages are queued. */
export interface Upstream {
  /** Throws `queue_full` while the server is not reading its input. */
  checkRoom(): void;
  /**
   * Never throws: call `checkRoom` first. A message sent after the server has ended is lost. `caller` has the headers that the
   * message came with, as far as some server wants any.
   */
  send(frame: Frame, caller?: CallerHeaders): void;
  /**
   * Stops reading the server's output until `resume`, so that a slow client slows the server down (backpressure) instead of
   * filling memory.
   */
  pause(): void;
  resume(): void;
  /** Ends the server for good. Resolves when all its processes are gone; idempotent. */
  close(): Promise<void>;
}

/** What an upstream reports to its session. No method is called after `ended`, or after the upstream was closed. */
export interface UpstreamListener {
  frame(frame: Frame): void;
  /** The server has said something that does not concern the session: it has started. */
  spoken?(): void;
  /**
   * There is no response that can be relayed for request `id`. With `open`, the request may be sent again if that does no harm.
   */
  badMessage(id: RequestId | undefined, error: GatewayError, open?: OpenRequest): void;
  /** The server ended unexpectedly, or failed to start. `open` lists the requests that could be sent to a new one. */
  ended(error: GatewayError, open?: readonly OpenRequest[]): void;
}

/** A request that the server has not answered. */
export interface OpenRequest {
  readonly frame: RequestFrame;
  /** False when the server has certainly not begun with it. */
  readonly mayHaveRun: boolean;
}

/** Headers of a client's request, by their names in lower case; only those that some server wants. */
export type CallerHeaders = ReadonlyMap<string, string>;

/** Where an exchange goes: the server, and the session and its principal. */
export interface Destination {
  readonly server: string;
  readonly sessionId: string;
  readonly principal: Principal;
  /** The headers of the request that opens the connection. */
  readonly caller?: CallerHeaders | undefined;
  /** The id of the HTTP request that makes the session connect. */
  readonly requestId?: string | undefined;
}

/** The session settings of a configured server. */
export interface ServerSettings {
  /** Its processes hold state that a new handshake cannot restore: the session ends with its process. */
  readonly isStateful: boolean;
  /** The timeout for responses of this server; by default that of all servers. */
  readonly timeoutMs: number | undefined;
  /** Whether modern calls of one principal share a process, or each has its own. */
  readonly isolation: "principal" | "call";
  /** The era that its entry names; `auto` if the gateway finds out. */
  readonly era: Era | "auto";
  /** Digest of the configuration entry; changes with it. */
  readonly fingerprint: string;
  /**
   * Set when the entry is filled in from its caller: what it is filled with. A session is only for callers with the key that it
   * began with. Throws `header_required` when a value is missing.
   */
  readonly callerKey?: ((principal: Principal, caller: CallerHeaders | undefined) => string) | undefined;
  /** There are several servers behind it, and it has no process of its own. */
  readonly isAggregate?: true | undefined;
}

/** `starting` until it has said something; `warm` as long as no session uses it; `ending` from when it is told to end. */
export type ProcessState = "starting" | "warm" | "used" | "ending";

/** One process of an MCP server. */
export interface ServerProcessFacts {
  readonly pid: number;
  readonly server: string;
  readonly sessionId: string;
  /** The key of the principal of that session: another one may use the same id. */
  readonly principal: string;
  readonly state: ProcessState;
}

/** What processes use, with their children. */
export interface ProcessUsage {
  /** Resident memory, by pid. */
  readonly bytes: ReadonlyMap<number, number>;
  /** CPU time so far, by server. */
  readonly cpuSeconds: ReadonlyMap<string, number>;
}

/** Opens the upstream of a named server; throws when the server refuses immediately. */
export type Connect = (destination: Destination, listener: UpstreamListener) => Upstream;
