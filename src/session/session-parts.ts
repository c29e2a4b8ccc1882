import type { Outlet } from "../protocol/session.ts";
import type { ServerSettings } from "../protocol/upstream.ts";
import type { SessionContext, SessionKey } from "./context.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Recorder } from "./recorder.ts";
import type { SessionReporter } from "./reporter.ts";
import type { ServerRequests } from "./server-requests.ts";

/** What the parts of one session know of each other. */
export interface SessionParts {
  readonly session: SessionKey;
  readonly context: SessionContext;
  /** What the entry of its server says. */
  readonly settings: ServerSettings;
  readonly outlet: Outlet;
  readonly exchanges: Exchanges;
  readonly serverRequests: ServerRequests;
  readonly recorder: Recorder;
  readonly reporter: SessionReporter;
}
