import type { Events } from "../protocol/events.ts";
import type { Gate, Principal } from "../protocol/principal.ts";
import type { SessionTable } from "../protocol/session.ts";
import type { Bodies } from "./bodies.ts";
import type { PublicPath } from "./public-path.ts";
import type { StreamCare } from "./stream-care.ts";
import type { ReplayLimits } from "./streamable/replay.ts";

/** All that a downstream may use: whoever writes a new one cannot go around the gate or the session. */
export interface DownstreamContext {
  readonly gate: Gate;
  readonly sessions: SessionTable;
  readonly hasServer: (name: string) => boolean;
  readonly serverNames: readonly string[];
  readonly events: Events;
  readonly streams: StreamCare;
  /** Undefined when there is no `publicUrl`. */
  readonly publicPath: PublicPath | undefined;
  readonly replay: ReplayLimits;
  readonly bodies: Bodies;
}

/** One HTTP request on its way through a downstream. */
export interface Visit {
  readonly requestId: string;
  readonly principal: Principal;
  readonly server: string;
  /** What stands before our paths as the caller sees them; only REST says it. */
  readonly publicPrefix?: string;
}
