import type { Admission } from "../protocol/admission.ts";
import type { Events } from "../protocol/events.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Screen } from "../protocol/screen.ts";
import type { EndReason, Transport } from "../protocol/session.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import type { SessionRecord } from "./session-record.ts";

export interface SessionLimits {
  /** From the first message to the server's first response. */
  readonly startMs: number;
  readonly requestMs: number;
  /** The upper bound for a request that progress, or a question to its client, keeps alive. */
  readonly requestMaxMs: number;
  /** How many requests may be waiting for a response at once. */
  readonly inFlight: number;
  /** How much may be queued for a server that is starting. */
  readonly queueBytes: number;
}

/** Identifies a session; the id alone gives no access. */
export interface SessionKey {
  readonly principal: Principal;
  readonly server: string;
  readonly transport: Transport;
  readonly id: string;
}

export interface SessionContext {
  readonly connect: Connect;
  readonly settingsOf: (server: string) => ServerSettings;
  readonly limits: SessionLimits;
  readonly events: Events;
  readonly host: SessionHost;
  /** What is asked about the messages of a client; undefined when nothing is. */
  readonly admission?: Admission | undefined;
  /** Keeps from clients what they may not see; undefined when they may see everything. */
  readonly screen?: Screen | undefined;
  /** Called when a server reports that one of its lists has changed. */
  readonly onListsChanged: (server: string) => void;
  /** Whether a tool says that to call it twice does no harm (MCP 2025-11-25, tools, annotations). */
  readonly mayRepeat?: ((server: string, tool: string) => boolean) | undefined;
}

/** The session table, as seen by one session. */
export interface SessionHost {
  /** The session is about to connect to a server. Throws `too_many_sessions` at a limit. */
  onOpening(session: SessionKey): void;
  /** The state that a new process would have to be initialized with has changed. */
  onRecord(session: SessionKey, record: SessionRecord): void;
  /** The record to initialize a new process with, for a client that did not initialize it itself. */
  recordFor(session: SessionKey): SessionRecord;
  /** The session has no process any more and waits for its client; `ended` resolves when the old process is gone. */
  onHibernated(session: SessionKey, ended: Promise<void>): void;
  /** The session ends: no further message is relayed; `ended` resolves when its process is gone. */
  onClosing(session: SessionKey, reason: EndReason, ended: Promise<void>): void;
}
