import type { Admission } from "../../src/protocol/admission.ts";
import type { Events } from "../../src/protocol/events.ts";
import type { Connect } from "../../src/protocol/upstream.ts";
import { Sessions, type TableLimits } from "../../src/session/sessions.ts";
import { type FakeServer, memoryRecords, settingsOf } from "../session/fakes.ts";

// The other end of the client in its tests: a session, and the server behind it.

const LIMITS = {
  sessions: 10,
  sessionsPerServer: 10,
  sessionsPerPrincipal: 10,
  inFlight: 10,
  idleMs: 60_000,
  orphanMs: 90_000,
  retentionMs: 86_400_000,
  streams: 100,
  queueBytes: 4_096,
  restIdleMs: 60_000,
  startMs: 60_000,
  requestMs: 60_000,
  requestMaxMs: 60_000,
};

export function sessionsOver(
  connect: Connect,
  events: Events,
  limits: Partial<TableLimits> = {},
  admission?: Admission,
): Sessions {
  return new Sessions({
    connect,
    settingsOf,
    records: memoryRecords(),
    clientVersion: "1",
    limits: { ...LIMITS, ...limits },
    events,
    admission,
    onListsChanged: () => undefined,
  });
}

/** All requests of a method that the server received. */
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
