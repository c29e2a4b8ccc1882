import type { Chance } from "./chance.ts";
import type { Reply } from "./rpc.ts";
import type { Visitor } from "./visitor.ts";

export type FaultKind = "foreign answer" | "wrong answer" | "never ended" | "unexpected end" | "not cut";

/** What an action has at hand. */
export interface Attack {
  readonly chance: Chance;
  /** A new client of one of the principals. */
  visitor(): Visitor;
  fault(kind: FaultKind, detail: string): void;
  /** From now on nothing is read on the connection from this port. */
  stalls(port: number | undefined): void;
}

/** One thing that a client does, in its own time, to its own connections. */
export interface Action {
  readonly name: string;
  /** How often, compared with the others. */
  readonly weight: number;
  /** Resolves with how it ended. */
  readonly run: (attack: Attack) => Promise<string>;
  /** The ends that it may have. */
  readonly ends: readonly string[];
}

/** Small limits bring these about; a session that made room for others has ended. */
const BUSY: readonly string[] = [
  "too_many_sessions",
  "too_many_starts",
  "crash_loop",
  "queue_full",
  "too_many_bodies",
  "session_ended",
  "descriptors_exhausted",
];

export const OK: readonly string[] = ["ok", ...BUSY];
export const LEFT: readonly string[] = ["left", ...OK];

/** `ok` for an answer that holds what was asked for; anything else for what it is. */
export function judged(attack: Attack, { end, text }: Reply, holds: string, what = holds): string {
  if (end !== "answer") return end;
  if (text.includes(holds)) return "ok";
  attack.fault("wrong answer", `${what} is not in ${text.slice(0, 300)} (${text.length} characters)`);
  return "wrong";
}

/** The first that is not well. */
export function worst(ends: readonly string[]): string {
  return ends.find((end) => end !== "ok") ?? "ok";
}
