import type { ClientSettings } from "../../client/mcp-client.ts";
import type { Redactor } from "../../lib/redactor.ts";
import type { History } from "../../observability/history/history.ts";
import type { Recordings } from "../../observability/recording/recordings.ts";
import type { ServerReport } from "../../observability/server-report.ts";
import type { Policy } from "../../protocol/policy.ts";
import type { SessionFacts } from "../../protocol/session.ts";
import type { ProcessUsage, ServerProcessFacts } from "../../protocol/upstream.ts";

/** What the console shows, and what it can do. */
export interface ConsoleSources {
  readonly version: string;
  /** Undefined when every authenticated caller may do everything. */
  readonly policy: Policy | undefined;
  readonly redactor: Redactor;
  /** Undefined when messages are not recorded. */
  readonly recordings: Recordings | undefined;
  readonly history: History;
  readonly servers: () => readonly ServerReport[];
  /** The end of what a server wrote to stderr, masked. */
  readonly lastWords: (server: string) => string | undefined;
  readonly sessions: () => readonly SessionFacts[];
  readonly processes: () => readonly ServerProcessFacts[];
  readonly usage: () => Promise<ProcessUsage>;
  /** The settings of the MCP client that calls a tool again. */
  readonly client: ClientSettings;
  /** Ends a session by its key; undefined when there is none. */
  readonly end: (key: string) => Promise<void> | undefined;
  /** Ends the processes of a server. Resolves when they are gone. */
  readonly stop: (server: string) => Promise<void>;
}
