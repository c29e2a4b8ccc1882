import { GatewayError } from "../protocol/errors.ts";
import { principalKey, type Principal } from "../protocol/principal.ts";
import type { Presence } from "./presence.ts";

export interface RoomCaps {
  readonly sessions: number;
  readonly sessionsPerServer: number;
  readonly sessionsPerPrincipal: number;
}

/** A session as a candidate for eviction. */
export interface Occupant {
  readonly principal: Principal;
  readonly server: string;
  readonly presence: Pick<Presence, "isConnected" | "isInitialized" | "idleMs">;
}

/** At a limit, only sessions idle for this long are evicted: a client between two calls keeps its session. */
const EVICTABLE_AFTER_MS = 60_000;
/** A client sends `notifications/initialized` immediately; one that has not, and has no stream, has left. */
const ABANDONED_AFTER_MS = 10_000;

/**
 * The sessions to evict for one more of this principal on this server; none below the limits. Candidates, in this order: a
 * session that never completed the handshake and has no stream; the longest idle session of the same principal; that of the
 * principal with the most sessions, if it has more than this one. Throws when none can be evicted.
 */
export function evictionsFor<T extends Occupant>(
  { principal, server }: Pick<Occupant, "principal" | "server">,
  all: readonly T[],
  caps: RoomCaps,
): T[] {
  if (all.length < Math.min(caps.sessions, caps.sessionsPerServer, caps.sessionsPerPrincipal)) return [];
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

/** The sessions of the principal with the most; those of `key` itself when none has more. */
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
