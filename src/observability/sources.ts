import type { SessionFacts } from "../protocol/session.ts";
import type { ProcessUsage, ServerProcessFacts } from "../protocol/upstream.ts";
import type { ServerReport } from "./server-report.ts";
import type { Tally } from "./tallies.ts";

/** What the rooms know about the present; what happened they tell by events. */
export interface Sources {
  readonly version: string;
  readonly sessions: () => Iterable<SessionFacts>;
  readonly processes: () => readonly ServerProcessFacts[];
  /** What the processes use; empty where the system does not tell. */
  readonly usage: () => Promise<ProcessUsage>;
  readonly servers: () => readonly ServerReport[];
  readonly tallies: () => readonly Tally[];
}
