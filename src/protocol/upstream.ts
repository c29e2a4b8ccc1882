import type { GatewayError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import type { Principal } from "./principal.ts";
import type { RequestId } from "./jsonrpc.ts";

/** A connection to one MCP server, owned by one session. While the server is starting, messages are queued. */
export interface Upstream {
  /** Throws `queue_full` while the server is not reading its input. */
  checkRoom(): void;
  /** Never throws: call `checkRoom` first. A message sent after the server has ended is lost. */
  send(frame: Frame): void;
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
  /** The server sent something for request `id` that cannot be relayed. */
  badMessage(id: RequestId | undefined, error: GatewayError): void;
  /** The server ended unexpectedly, or failed to start. */
  ended(error: GatewayError): void;
}

/** Where an exchange goes: the server, and the session and its principal. */
export interface Destination {
  readonly server: string;
  readonly sessionId: string;
  readonly principal: Principal;
  /** The id of the HTTP request that makes the session connect. */
  readonly requestId?: string | undefined;
}

/** The session settings of a configured server. */
export interface ServerSettings {
  /** Its processes hold state that a new handshake cannot restore: the session ends with its process. */
  readonly isStateful: boolean;
  /** The timeout for responses of this server; by default that of all servers. */
  readonly timeoutMs: number | undefined;
  /** Digest of the configuration entry; changes with it. */
  readonly fingerprint: string;
}

/** `starting` until it has said something; `warm` as long as no session uses it; `ending` from when it is told to end. */
export type ProcessState = "starting" | "warm" | "used" | "ending";

/** One process of an MCP server. */
export interface ServerProcessFacts {
  readonly pid: number;
  readonly server: string;
  readonly sessionId: string;
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
