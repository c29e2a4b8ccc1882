import type { FakeServer } from "../session/fakes.ts";

// What tests of the client need of the session and of the server at the other end of it.

export const LIMITS = {
  sessions: 10,
  sessionsPerServer: 10,
  sessionsPerPrincipal: 10,
  inFlight: 10,
  idleMs: 60_000,
  restIdleMs: 60_000,
  startMs: 60_000,
  requestMs: 60_000,
  requestMaxMs: 60_000,
};

/** All requests of a method that the server was sent. */
export function requestsTo(server: FakeServer | undefined, method: string): { readonly id: number }[] {
  return (server?.sent ?? []).flatMap((message) =>
    (message as { method?: string }).method === method ? (message as { id: number }) : [],
  );
}

/** Answers the newest of them. */
export function answer(server: FakeServer | undefined, method: string, result: object): void {
  const newest = requestsTo(server, method).at(-1);
  if (newest === undefined) throw new Error(`${method} was not asked`);
  server?.says({ id: newest.id, result });
}
