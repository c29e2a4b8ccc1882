import { describe, expect, it, vi } from "vitest";
import { Recordings } from "../../../src/observability/recording/recordings.ts";
import type { RecordedSession, SessionRecording } from "../../../src/protocol/recording.ts";

const session = (key: string, principal = "ann"): RecordedSession => ({
  key,
  server: "s",
  principal,
  transport: "sse",
  era: "legacy",
});

function fill(recording: SessionRecording, times: number): void {
  for (let at = 0; at < times; at++)
    recording.message("client", { kind: "notification", method: "m", params: undefined, line: "x".repeat(10_000) });
}

describe("the recordings of all sessions", () => {
  it("take no more together than they may, and who fills them loses most", () => {
    const all = new Recordings(1_000_000);
    const quiet = all.record(session("quiet", "quiet"));
    fill(quiet, 5);
    for (let at = 0; at < 50; at++) fill(all.record(session(`busy-${at}`, "busy")), 20);
    expect(all.bytes).toBeLessThanOrEqual(1_000_000);
    expect(all.find("quiet")?.from(0)).toHaveLength(5);
    expect(all.find("busy-49")?.next).toBe(21);
  });

  it("forget first what has ended", () => {
    const all = new Recordings(500_000);
    const ended = all.record(session("ended"));
    fill(ended, 20);
    ended.ended("idle");
    fill(all.record(session("live")), 35);
    expect(all.find("ended")).toBeUndefined();
    expect(all.find("live")?.from(0).length).toBeGreaterThan(20);
  });

  it("are kept for a while after their session, the latest first; one with many short sessions loses its own", () => {
    const all = new Recordings();
    all.record(session("other", "other")).ended("idle");
    for (let at = 0; at < 300; at++) all.record(session(`short-${at}`, "busy")).ended("client closed");
    expect(all.ended).toHaveLength(100);
    expect(all.ended[0]?.session.key).toBe("short-299");
    expect(all.find("other")).toBeDefined();
    expect(all.find("short-0")).toBeUndefined();
  });

  it("go on where they were when their session is resumed", () => {
    const all = new Recordings();
    const first = all.record(session("k"));
    fill(first, 3);
    first.ended("idle");
    const again = all.record(session("k"));
    fill(again, 1);
    expect(all.ended).toEqual([]);
    expect(all.find("k")).toMatchObject({ next: 5, over: undefined });
  });

  it("are gone after ten minutes", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const all = new Recordings();
      const one = all.record(session("k"));
      fill(one, 3);
      one.ended("idle");
      vi.setSystemTime(Date.now() + 11 * 60_000);
      expect([all.ended, all.find("k"), all.bytes]).toEqual([[], undefined, 0]);
    } finally {
      vi.useRealTimers();
    }
  });
});
