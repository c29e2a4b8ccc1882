import type { Chance } from "./chance.ts";
import type { Reply } from "./rpc.ts";
import type { Visitor } from "./visitor.ts";

export type FaultKind = "foreign answer" | "wrong answer" | "never ended" | "unexpected end" | "not cut";

/** What an action can use. */
export interface Attack {
  readonly chance: Chance;
  /** A new client of one of the principals. */
  visitor(): Visitor;
  fault(kind: FaultKind, detail: string): void;
  /** The connection from this local port is not read any more. */
  stalls(port: number | undefined): void;
}

/** One scenario of a client, in its own time and on its own connections. */
export interface Action {
  readonly name: string;
  /** The relative frequency. */
  readonly weight: number;
  /** Resolves with the way it ended. */
  readonly run: (attack: Attack) => Promise<string>;
  /** The expected ways to end. */
  readonly ends: readonly string[];
}

/** Refusals caused by the small limits; `session_ended` because a session may have been evicted. */
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

/** `ok` for a reply that contains `holds`; otherwise what the reply was. */
export function judged(attack: Attack, { end, text }: Reply, holds: string, what = holds): string {
  if (end !== "answer") return end;
  if (text.includes(holds)) return "ok";
  attack.fault("wrong answer", `${what} is not in ${text.slice(0, 300)} (${text.length} characters)`);
  return "wrong";
}

/** The first end that is not `ok`. */
export function worst(ends: readonly string[]): string {
  return ends.find((end) => end !== "ok") ?? "ok";
}
