import type { Exchange } from "./exchange.ts";
import type { Frame, ResponseFrame } from "./frame.ts";

/** A session whose messages are recorded. */
export interface RecordedSession {
  /** Identifies the session. Contains its id, which is enough to use it where nothing authenticates: never shown. */
  readonly key: string;
  readonly server: string;
  /** The key of its principal. */
  readonly principal: string;
  readonly transport: string;
  readonly era: string;
}

/** Hears every message of one session as it passes. It is on the way of all of them: must not throw, parse or wait. */
export interface SessionRecording {
  message(from: "client" | "server", frame: Frame): void;
  /** A request of the client is over; `answer` is what the client gets, perhaps from the gateway itself. */
  answered(exchange: Pick<Exchange, "id" | "method" | "tool">, answer: ResponseFrame, ms: number): void;
  ended(reason: string): void;
}

/** Records messages, for people who look at them later. */
export interface MessageRecorder {
  /** The recording of a session that begins, or goes on after a hibernation. */
  record(session: RecordedSession): SessionRecording;
}
