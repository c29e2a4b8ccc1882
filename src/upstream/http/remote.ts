import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import type { RequestFrame } from "../../protocol/frame.ts";
import type { CallerHeaders, UpstreamListener } from "../../protocol/upstream.ts";
import type { Circuit } from "./circuit.ts";
import type { Credential } from "./credential.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { MirroredArguments } from "./modern-headers.ts";
import type { Network } from "./network.ts";
import type { Patience } from "./patience.ts";

/** A server that is reached by its URL, with what all connections to it share. */
export interface Remote {
  /** The name it has in messages to callers. */
  readonly server: string;
  readonly url: URL;
  /** That of the URL. */
  readonly origin: string;
  readonly network: Network;
  readonly circuit: Circuit;
  readonly heartbeat: Heartbeat;
  readonly credential: Credential;
  /** Names of headers that are passed on from the caller's request, in lower case. */
  readonly forwarded: readonly string[];
  /** The arguments of its tools that are repeated in headers, as it has last listed them. */
  readonly mirrored: MirroredArguments;
  readonly limits: RemoteLimits;
  /** Set when requests wait while the server is away. */
  readonly patience?: Patience | undefined;
  /** What is no request is sent again until the server has it: nobody else would notice that it was lost. */
  readonly insistence: Patience;
  /** Whether a request may be sent twice. */
  readonly isHarmless?: ((frame: RequestFrame) => boolean) | undefined;
  readonly emit: Emit;
  /** Masks secrets in what is logged. */
  readonly masked: (text: string) => string;
}

interface RemoteLimits {
  readonly messageBytes: number;
  readonly queueBytes: number;
  /** Until a response begins, and between two pieces of it; 0 = no limit. */
  readonly headersMs: number;
  readonly bodyMs: number;
}

/** One connection to it: of one session, if there are sessions. */
export interface RemoteOptions {
  readonly remote: Remote;
  /** Names it in the log. */
  readonly sessionId: string;
  /** The headers of every request, names and values in turn. */
  readonly headers: readonly string[];
  readonly caller: CallerHeaders | undefined;
  readonly listener: UpstreamListener;
  /** `initialize` was refused with this HTTP status: true when the connection is given up silently, because another way is tried. */
  readonly onRefused?: ((status: number, error: GatewayError) => boolean) | undefined;
}

/** Throws while the server cannot be reached, or when more than it may have waits for it. */
export function checkRemoteRoom({ circuit, server, limits }: Remote, waitingBytes: number): void {
  circuit.check(server);
  if (waitingBytes <= limits.queueBytes) return;
  throw new GatewayError("queue_full", `The MCP server "${server}" does not read its input.`, { retryAfterMs: 1_000 });
}
