import type { Admission } from "../protocol/admission.ts";
import type { Events } from "../protocol/events.ts";
import type { ModernServers } from "../protocol/modern-call.ts";
import type { Quota } from "../protocol/quota.ts";
import type { Gate, Principal } from "../protocol/principal.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import type { SessionTable } from "../protocol/session.ts";
import type { Bodies } from "./bodies.ts";
import type { PublicPath } from "./public-path.ts";
import type { StreamCare } from "./stream-care.ts";
import type { ReplayLimits } from "./streamable/replay.ts";
import type { Visibility } from "./visibility.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** Everything that a downstream may use; it has no way around the gate and the sessions. */
export interface DownstreamContext {
  readonly gate: Gate;
  /** Whether there are rate limits, of which responses tell. */
  readonly hasQuotas: boolean;
  /** What sessions ask about messages, for a look ahead. Undefined when nothing is asked. */
  readonly admission: Admission | undefined;
  readonly sessions: SessionTable;
  readonly visibility: Visibility;
  /** For clients of MCP 2026-07-28, which have no session. */
  readonly modern: ModernServers;
  /** The headers of requests that some server uses, in lower case. */
  readonly callerHeaders: readonly string[];
  readonly events: Events;
  readonly streams: StreamCare;
  /** Undefined when `publicUrl` is not set. */
  readonly publicPath: PublicPath | undefined;
  readonly replay: ReplayLimits;
  readonly bodies: Bodies;
  /** Undefined when none are configured. */
  readonly trustedProxies?: TrustedProxies | undefined;
}

/** One authenticated HTTP request. */
export interface Visit {
  readonly requestId: string;
  readonly principal: Principal;
  readonly server: string;
  /** Sets the rate limit headers of the response; undefined when nothing is limited. */
  readonly onQuota?: ((quota: Quota) => void) | undefined;
  /** Headers of the request, as far as some server uses any. */
  readonly caller?: CallerHeaders | undefined;
  /** The path prefix under which the caller sees the gateway; only used by REST. */
  readonly publicPrefix?: string;
}
