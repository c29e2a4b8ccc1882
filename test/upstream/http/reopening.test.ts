import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Reopening } from "../../../src/upstream/http/reopening.ts";

describe("a stream that has ended is opened again", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  /** The waits after streams that lived so long, with or without an event. */
  function waits(
    lives: readonly number[],
    { brings = false, isLasting = true, retryMs = undefined as number | undefined },
  ): number[] {
    const reopening = new Reopening(isLasting);
    return lives.map((lifeMs) => {
      reopening.opened(false);
      reopening.begun();
      if (brings) reopening.event();
      vi.advanceTimersByTime(lifeMs);
      reopening.ended();
      return reopening.waitMs(retryMs);
    });
  }

  it("at once, but no more often than every half second", () => {
    expect(waits([10_000, 400, 600, 0], { brings: true })).toEqual([0, 100, 0, 500]);
  });

  it("less and less often when it ends at once and brings nothing", () => {
    const least = waits([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], {});
    expect(least.slice(0, 3)).toEqual([500, 500, 500]);
    expect(least[4]).toBeGreaterThan(least[3] ?? 0);
    expect(least.at(-1)).toBeGreaterThan(20_000);
    expect(Math.max(...least)).toBeLessThanOrEqual(30_000);
  });

  it("when the server wants it, within limits, for as long as an answer is waited for", () => {
    expect(waits([0], { retryMs: 0 })).toEqual([100]);
    expect(waits([0], { retryMs: 3_600_000 })).toEqual([30_000]);
    expect(waits([0, 0, 0, 0, 0, 0, 0], { retryMs: 20, isLasting: false })).toEqual([
      100, 100, 100, 1_000, 1_000, 1_000, 1_000,
    ]);
    expect(waits([400, 400, 400, 400, 400], { retryMs: 20, isLasting: false })).toEqual([100, 100, 100, 100, 100]);
  });

  it("soon after an attempt that failed, and then less and less often", () => {
    const reopening = new Reopening(false);
    const found = Array.from({ length: 12 }, () => {
      reopening.opened(false);
      reopening.ended();
      return reopening.waitMs(undefined);
    });
    expect(found[0]).toBeLessThanOrEqual(100);
    expect(found[3]).toBeGreaterThanOrEqual(600);
    expect(found.at(-1)).toBeGreaterThan(20_000);
    expect(reopening.failures).toBe(12);
    reopening.opened(false);
    reopening.begun();
    expect(reopening.failures).toBe(0);
  });

  it("now and then although it is open, until it has shown that a resumed stream brings what is new", () => {
    const reopening = new Reopening(true);
    reopening.opened(true);
    reopening.begun();
    reopening.event();
    expect(reopening.lookMs).toBeLessThanOrEqual(1_000);
    expect(reopening.lookMs).toBeGreaterThan(1_000);
    vi.advanceTimersByTime(501);
    reopening.event();
    expect(reopening.lookMs).toBeUndefined();
    const fresh = new Reopening(true);
    fresh.opened(false);
    fresh.begun();
    vi.advanceTimersByTime(501);
    fresh.event();
    expect(fresh.lookMs).toBeDefined();
  });
});
