import type { GatewayError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import type { Principal } from "./principal.ts";
import type { RequestId } from "./jsonrpc.ts";

/** A connection to one MCP server, owned by one session. It may still be starting: what is sent waits. */
export interface Upstream {
  /** Throws `queue_full` while the server does not read what was sent before. */
  checkRoom(): void;
  /** Never throws: whoever sends has asked `checkRoom`, or may lose the message when the server has ended. */
  send(frame: Frame): void;
  /** Stops reading what the server says until `resume`, so that a slow client makes the server wait, not our memory grow. */
  pause(): void;
  resume(): void;
  /** Ends the server for good. Resolves when nothing of it is left; may be called again. */
  close(): Promise<void>;
}

/** What an upstream tells its session. Nothing is told after `ended` or after `close` was called. */
export interface UpstreamListener {
  frame(frame: Frame): void;
  /** The server wrote something for request `id` that cannot be passed on. */
  badMessage(id: RequestId | undefined, error: GatewayError): void;
  /** It ended, or never started, without being asked. */
  ended(error: GatewayError): void;
}

/** Where an exchange goes: which server, for which session of whom. */
export interface Destination {
  readonly server: string;
  readonly sessionId: string;
  readonly principal: Principal;
}

/** What the entry of a server says of its sessions. */
export interface ServerSettings {
  /** Its processes remember what no handshake can restore: a session ends with its process. */
  readonly isStateful: boolean;
  /** Time for an answer, when it is another than that of all servers. */
  readonly timeoutMs: number | undefined;
  /** Digest of the entry: another one after a change. */
  readonly fingerprint: string;
}

/** Opens the upstream of a named server; throws when it is refused on the spot. */
export type Connect = (destination: Destination, listener: UpstreamListener) => Upstream;
