import type { Events } from "../protocol/events.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Transport } from "../protocol/session.ts";
import type { Connect } from "../protocol/upstream.ts";

export interface SessionLimits {
  /** From the first message to the server's first answer. */
  readonly startMs: number;
  readonly requestMs: number;
  /** The longest a request may last when progress keeps it alive. */
  readonly requestMaxMs: number;
  /** How many requests may wait for an answer at once. */
  readonly inFlight: number;
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
  readonly limits: SessionLimits;
  readonly events: Events;
  /** No message goes through it any more; `closed` resolves when nothing of its server is left. */
  readonly onClosing: (key: SessionKey, closed: Promise<void>) => void;
  /** Its server said that its tools are others now. */
  readonly onToolsChanged: (server: string) => void;
}
