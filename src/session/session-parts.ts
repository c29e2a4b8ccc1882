import type { Outlet } from "../protocol/session.ts";
import type { ServerSettings } from "../protocol/upstream.ts";
import type { SessionContext, SessionKey } from "./context.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Recorder } from "./recorder.ts";
import type { SessionReporter } from "./reporter.ts";
import type { ServerRequests } from "./server-requests.ts";

/** The shared parts of one session. */
export interface SessionParts {
  readonly session: SessionKey;
  readonly context: SessionContext;
  /** The settings of its server. */
  readonly settings: ServerSettings;
  readonly outlet: Outlet;
  readonly exchanges: Exchanges;
  readonly serverRequests: ServerRequests;
  readonly recorder: Recorder;
  readonly reporter: SessionReporter;
}
