import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";

export interface RoomCaps {
  readonly sessions: number;
  readonly sessionsPerServer: number;
  readonly sessionsPerPrincipal: number;
}

/** What is looked at of a session when room is made for another one. */
export interface Occupant {
  readonly principal: Principal;
  readonly server: string;
  idleMs(now: number): number;
}

/** At a cap only sessions that have been quiet for this long make room: a client between two calls is not pushed out. */
const EVICTABLE_AFTER_MS = 60_000;

/**
 * The sessions that must end for one more of this principal on this server: none below the caps. At a cap the longest idle one goes, of
 * the principal's own; else of whoever has the most, if that is more than the principal has. Throws when nobody can go.
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
  const longestIdle = (candidates: readonly T[]): T | undefined =>
    candidates
      .filter((session) => session.idleMs(now) >= EVICTABLE_AFTER_MS)
      .toSorted((a, b) => b.idleMs(now) - a.idleMs(now))[0];
  const found = longestIdle(ownOf(sessions, key)) ?? longestIdle(ofLargestHolder(sessions, key));
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
