import type { Events } from "../protocol/events.ts";
import type { Principal } from "../protocol/principal.ts";
import type { EndReason, Transport } from "../protocol/session.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import type { SessionRecord } from "./session-record.ts";

export interface SessionLimits {
  /** From the first message to the server's first answer. */
  readonly startMs: number;
  readonly requestMs: number;
  /** The longest a request may last when progress, or a question to its client, keeps it alive. */
  readonly requestMaxMs: number;
  /** How many requests may wait for an answer at once. */
  readonly inFlight: number;
  /** What may wait for a server that is starting. */
  readonly queueBytes: number;
}

/** What a session is known by: the id alone opens nothing. */
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
  /** Its server said that its tools are others now. */
  readonly onToolsChanged: (server: string) => void;
}

/** The table that a session stands in. */
export interface SessionHost {
  /** It is about to have a server of its own: throws `too_many_sessions` at a cap. */
  onOpening(session: SessionKey): void;
  /** What another process would have to be told has changed. */
  onRecord(session: SessionKey, record: SessionRecord): void;
  /** What another process is told when the client never greeted this one. */
  recordFor(session: SessionKey): SessionRecord;
  /** It has no server any more and waits for its client; `ended` resolves when nothing of the server is left. */
  onHibernated(session: SessionKey, ended: Promise<void>): void;
  /** No message goes through it any more. */
  onClosing(session: SessionKey, reason: EndReason, ended: Promise<void>): void;
}
