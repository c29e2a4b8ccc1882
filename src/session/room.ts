import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { Presence } from "./presence.ts";

export interface RoomCaps {
  readonly sessions: number;
  readonly sessionsPerServer: number;
  readonly sessionsPerPrincipal: number;
}

/** What is looked at of a session when room is made for another one. */
export interface Occupant {
  readonly principal: Principal;
  readonly server: string;
  readonly presence: Pick<Presence, "isConnected" | "isInitialized" | "idleMs">;
}

/** At a cap only sessions that have been quiet for this long make room: a client between two calls is not pushed out. */
const EVICTABLE_AFTER_MS = 60_000;
/** A client says `notifications/initialized` at once; one that has not, and has no stream, is gone. */
const ABANDONED_AFTER_MS = 10_000;

/**
 * The sessions that must make room for one more of this principal on this server: none below the caps. At a cap goes first who never
 * completed the handshake and has no stream; then the longest idle one of the principal's own; then of whoever has the most, if that
 * is more than the principal has. Throws when nobody can go.
 */
export function evictionsFor<T extends Occupant>(
  { principal, server }: Pick<Occupant, "principal" | "server">,
  all: readonly T[],
  caps: RoomCaps,
): T[] {
  const key = principalKey(principal);
  const leaving = new Set<T>();
  const makeRoom = (cap: number, holders: readonly T[]): void => {
    const staying = holders.filter((session) => !leaving.has(session));
    if (staying.length >= cap) leaving.add(evictable(staying, key));
  };
  makeRoom(caps.sessionsPerPrincipal, ownOf(all, key));
  makeRoom(
    caps.sessionsPerServer,
    all.filter((session) => session.server === server),
  );
  makeRoom(caps.sessions, all);
  return [...leaving];
}

function evictable<T extends Occupant>(sessions: readonly T[], key: string): T {
  const now = performance.now();
  const longestIdle = (candidates: readonly T[], atLeastMs = EVICTABLE_AFTER_MS): T | undefined =>
    candidates
      .filter(({ presence }) => presence.idleMs(now) >= atLeastMs)
      .toSorted((a, b) => b.presence.idleMs(now) - a.presence.idleMs(now))[0];
  const abandoned = sessions.filter(({ presence }) => !presence.isInitialized && !presence.isConnected);
  const found =
    longestIdle(abandoned, ABANDONED_AFTER_MS) ??
    longestIdle(ownOf(sessions, key)) ??
    longestIdle(ofLargestHolder(sessions, key));
  if (found !== undefined) return found;
  throw new GatewayError("too_many_sessions", "All sessions are in use; try again later.", { retryAfterMs: 10_000 });
}

const ownOf = <T extends Occupant>(sessions: readonly T[], key: string): T[] =>
  sessions.filter(({ principal }) => principalKey(principal) === key);

/** The sessions of the other principal that has the most; none when nobody has more than the one who asks. */
function ofLargestHolder<T extends Occupant>(sessions: readonly T[], key: string): readonly T[] {
  const byPrincipal = new Map<string, T[]>();
  for (const session of sessions) {
    const holder = principalKey(session.principal);
    byPrincipal.set(holder, (byPrincipal.get(holder) ?? []).concat(session));
  }
  let largest: readonly T[] = byPrincipal.get(key) ?? [];
  for (const held of byPrincipal.values()) if (held.length > largest.length) largest = held;
  return largest;
}
