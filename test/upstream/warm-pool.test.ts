import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { UpstreamListener } from "../../src/protocol/upstream.ts";
import { WarmPool } from "../../src/upstream/warm-pool.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

class WarmProcess {
  isPaused = false;
  isClosed = false;
  isStarted = false;
  hasExited = false;
  readonly listener: UpstreamListener;

  constructor(listener: UpstreamListener) {
    this.listener = listener;
  }

  pause(): void {
    this.isPaused = true;
  }

  started(): void {
    this.isStarted = true;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

/** Longer than the pause between two starts. */
const ROUND_MS = 1_100;

function poolOf(size: number) {
  const started: WarmProcess[] = [];
  const state = { mayStart: true, fails: false };
  const pool = new WarmPool({
    size,
    start: (listener) => {
      if (state.fails) throw new GatewayError("crash_loop", "It rests.");
      const waiting = new WarmProcess(listener);
      started.push(waiting);
      return waiting;
    },
    mayStart: () => state.mayStart,
  });
  return { pool, started, state };
}

const rounds = (count: number): void => void vi.advanceTimersByTime(count * ROUND_MS);
const ended = (one: WarmProcess | undefined): void =>
  one?.listener.ended(new GatewayError("process_exited", "It ended."));

describe("a pool", () => {
  it("starts nothing before it is opened", () => {
    const { pool, started } = poolOf(2);
    rounds(3);
    expect(pool.take()).toBe(undefined);
    rounds(3);
    expect(started).toEqual([]);
  });

  it("starts one after the other, up to its size, each paused", () => {
    const { pool, started } = poolOf(3);
    pool.open();
    expect(started).toHaveLength(1);
    rounds(1);
    expect(started).toHaveLength(2);
    rounds(5);
    expect(started).toHaveLength(3);
    expect(started.every(({ isPaused, isStarted }) => isPaused && isStarted)).toBe(true);
  });

  it("of size 0 never starts any", () => {
    const { pool, started } = poolOf(0);
    pool.open();
    expect(pool.take()).toBe(undefined);
    rounds(3);
    expect(started).toEqual([]);
  });

  it("gives the one that has waited longest, and starts another one a moment later", () => {
    const { pool, started } = poolOf(2);
    pool.open();
    rounds(2);
    expect(pool.take()).toBe(started[0]);
    expect(started).toHaveLength(2);
    rounds(2);
    expect(started).toHaveLength(3);
    expect([pool.take(), pool.take()]).toEqual([started[1], started[2]]);
    expect(pool.take()).toBe(undefined);
  });

  it("waits while something else matters more", () => {
    const { pool, started, state } = poolOf(1);
    state.mayStart = false;
    pool.open();
    rounds(3);
    expect(started).toEqual([]);
    state.mayStart = true;
    rounds(1);
    expect(started).toHaveLength(1);
  });

  it("replaces one that ended by itself only after the next session came", () => {
    const { pool, started } = poolOf(2);
    pool.open();
    rounds(2);
    ended(started[0]);
    ended(started[1]);
    rounds(5);
    expect(started).toHaveLength(2);
    expect(pool.take()).toBe(undefined);
    rounds(2);
    expect(started).toHaveLength(4);
  });

  it("does not hand out a process whose exit was not reported yet", () => {
    const { pool, started } = poolOf(2);
    pool.open();
    rounds(2);
    for (const one of started.slice(0, 1)) one.hasExited = true;
    expect(pool.take()).toBe(started[1]);
    rounds(3);
    expect(started).toHaveLength(4);
  });

  it("leaves the start-queue place of an adopted process to its session", () => {
    const { pool, started } = poolOf(1);
    pool.open();
    expect(pool.take()).toBe(started[0]);
    rounds(3);
    expect(started.map(({ isStarted }) => isStarted)).toEqual([false, true]);
  });

  it("does not try again by itself while the server rests", () => {
    const { pool, started, state } = poolOf(1);
    state.fails = true;
    pool.open();
    state.fails = false;
    rounds(5);
    expect(started).toEqual([]);
    pool.take();
    rounds(1);
    expect(started).toHaveLength(1);
  });

  it("ends those that wait when it is closed, and starts no more", async () => {
    const { pool, started } = poolOf(2);
    pool.open();
    rounds(2);
    const taken = pool.take();
    await pool.close();
    rounds(5);
    expect(started.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect(taken?.isClosed).toBe(false);
    expect(pool.take()).toBe(undefined);
    expect(started).toHaveLength(2);
  });

  it("handles a process that ends before start returns", () => {
    let starts = 0;
    const pool = new WarmPool<WarmProcess>({
      size: 2,
      start: (listener) => {
        starts++;
        listener.ended(new GatewayError("spawn_failed", "No room."));
        throw new GatewayError("descriptors_exhausted", "No room.");
      },
      mayStart: () => true,
    });
    pool.open();
    rounds(5);
    expect(starts).toBe(1);
    expect(pool.take()).toBeUndefined();
  });
});
