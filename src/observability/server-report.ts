import type { ProcessState } from "../protocol/upstream.ts";

/** What is known without asking a server: its entry, its processes, and what the gateway has cached. */
export interface ServerFacts {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  /** `open` while new sessions are refused because it failed too often; undefined for kinds without a circuit. */
  readonly circuit: "closed" | "open" | undefined;
  /** Undefined until the era is known. */
  readonly era: string | undefined;
  /** The number of tools, undefined until they were listed. */
  readonly tools: number | undefined;
}

/** `paused`: its circuit is open. `failing`: its last start, or the last connection to it, failed. `unknown`: nothing has been tried yet. */
export type ServerState = "up" | "failing" | "paused" | "unknown";

export interface ServerExit {
  readonly at: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** Why: for an end that the gateway brought about, the reason (idle, evicted, …), otherwise `on its own`. */
  readonly reason: string;
}

export interface ServerFailure {
  readonly at: string;
  readonly reason: string;
  readonly message: string;
  /** The end of its stderr, with secrets masked. */
  readonly stderr?: string;
}

/** How often a server was called, and how it went. */
export interface CallSum {
  readonly ended: number;
  readonly errors: number;
  /** The time they took together. */
  readonly seconds: number;
}

export interface ServerReport extends ServerFacts {
  readonly state: ServerState;
  /** False when callers would probably get an error. */
  readonly isUp: boolean;
  readonly sessions: number;
  readonly processes: Readonly<Record<ProcessState, number>>;
  /** Undefined while neither metrics nor the console count calls. */
  readonly calls: CallSum | undefined;
  readonly lastExit: ServerExit | undefined;
  readonly lastFailure: ServerFailure | undefined;
}
