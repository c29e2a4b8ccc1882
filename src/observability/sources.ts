import type { SessionFacts } from "../protocol/session.ts";
import type { ProcessUsage, ServerProcessFacts } from "../protocol/upstream.ts";
import type { ServerReport } from "./server-report.ts";
import type { Tally } from "./tallies.ts";

/** What is told of a session and of a process to whom their owners do not matter. */
export type SessionState = Pick<SessionFacts, "server" | "transport" | "era" | "hasProcess">;
export type ProcessPlace = Omit<ServerProcessFacts, "principal">;

/** What the rooms know about the present; what happened they tell by events. */
export interface Sources {
  readonly version: string;
  readonly sessions: () => Iterable<SessionState>;
  readonly processes: () => readonly ProcessPlace[];
  /** What the processes use; empty where the system does not tell. */
  readonly usage: () => Promise<ProcessUsage>;
  readonly servers: () => readonly ServerReport[];
  readonly tallies: () => readonly Tally[];
}
