import type { Events } from "../protocol/events.ts";
import type { Gate, Principal } from "../protocol/principal.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import type { SessionTable } from "../protocol/session.ts";
import type { Bodies } from "./bodies.ts";
import type { PublicPath } from "./public-path.ts";
import type { StreamCare } from "./stream-care.ts";
import type { ReplayLimits } from "./streamable/replay.ts";

/** Everything that a downstream may use; it has no way around the gate and the sessions. */
export interface DownstreamContext {
  readonly gate: Gate;
  readonly sessions: SessionTable;
  readonly hasServer: (name: string) => boolean;
  readonly serverNames: readonly string[];
  /** The headers of requests that some server uses, in lower case. */
  readonly callerHeaders: readonly string[];
  readonly events: Events;
  readonly streams: StreamCare;
  /** Undefined when `publicUrl` is not set. */
  readonly publicPath: PublicPath | undefined;
  readonly replay: ReplayLimits;
  readonly bodies: Bodies;
}

/** One authenticated HTTP request. */
export interface Visit {
  readonly requestId: string;
  readonly principal: Principal;
  readonly server: string;
  /** Headers of the request, as far as some server uses any. */
  readonly caller?: CallerHeaders | undefined;
  /** The path prefix under which the caller sees the gateway; only used by REST. */
  readonly publicPrefix?: string;
}
