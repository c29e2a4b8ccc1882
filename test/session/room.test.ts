import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../src/protocol/principal.ts";
import { evictionsFor } from "../../src/session/room.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const principal = (id: string): Principal => ({ kind: "basic", id });
const MINUTE = 60_000;
const CAPS = { sessions: 4, sessionsPerServer: 100, sessionsPerPrincipal: 100 };

/** A session of a principal that has been idle for some minutes. */
const session = (who: string, minutes: number, server = "git") => ({
  name: `${who} ${minutes}`,
  principal: principal(who),
  server,
  presence: { isConnected: true, isInitialized: true, idleMs: () => minutes * MINUTE },
});

const evicted = (who: string, all: readonly ReturnType<typeof session>[], caps = CAPS): string[] =>
  evictionsFor({ principal: principal(who), server: "git" }, all, caps).map(({ name }) => name);

describe("room for one more session", () => {
  it("is there below the caps", () => {
    expect(evicted("ann", [session("ann", 90), session("bob", 90), session("bob", 80)])).toEqual([]);
  });

  it("comes from the principal's own longest idle session, although another one's is idle for longer", () => {
    const all = [session("bob", 90), session("bob", 80), session("ann", 5), session("ann", 9)];
    expect(evicted("ann", all)).toEqual(["ann 9"]);
  });

  it("comes from the principal with the most sessions when the caller has no idle one", () => {
    const all = [session("bob", 5), session("cat", 90), session("bob", 9), session("ann", 0)];
    expect(evicted("ann", all)).toEqual(["bob 9"]);
    expect(evicted("dan", all)).toEqual(["bob 9"]);
  });

  it("never comes from a principal with no more sessions than the caller", () => {
    const all = [session("bob", 90), session("bob", 90), session("ann", 0), session("ann", 0)];
    expect(() => evicted("ann", all)).toThrow(expect.objectContaining({ reason: "too_many_sessions" }));
  });

  it("never comes from a session that was busy within the last minute", () => {
    const all = [0, 0.5, 0.9, 0].map((minutes) => session("bob", minutes));
    expect(() => evicted("ann", all)).toThrow(expect.objectContaining({ retryAfterMs: expect.any(Number) }));
  });

  it("below several caps is made with one session where one is enough", () => {
    const all = [session("ann", 5), session("ann", 9), session("bob", 90), session("bob", 90)];
    expect(evicted("ann", all, { sessions: 4, sessionsPerServer: 4, sessionsPerPrincipal: 2 })).toEqual(["ann 9"]);
  });
});
