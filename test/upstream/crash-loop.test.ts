import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { CrashLoop } from "../../src/upstream/crash-loop.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const YOUNG = 500;
const GROWN = 60_000;

function exits(loop: CrashLoop, count: number): void {
  for (let exit = 0; exit < count; exit++) loop.exited(YOUNG);
}

function refusalOf(loop: CrashLoop): GatewayError | undefined {
  try {
    loop.check();
    return undefined;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

it("a server may die young four times", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 4);
  expect(refusalOf(loop)).toBeUndefined();
});

it("a server that died young five times rests for 30 s", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 5);
  expect(refusalOf(loop)).toMatchObject({ reason: "crash_loop", status: 503, retryAfterMs: 30_000 });
  expect(refusalOf(loop)?.message).toContain('"git" ended 5 times');
  vi.advanceTimersByTime(29_999);
  expect(refusalOf(loop)).toMatchObject({ retryAfterMs: 1 });
  vi.advanceTimersByTime(1);
  expect(refusalOf(loop)).toBeUndefined();
});

it("a server that dies young again after its rest rests for twice as long, up to five minutes", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 5);
  const rests: (number | undefined)[] = [];
  for (let round = 0; round < 6; round++) {
    const restMs = refusalOf(loop)?.retryAfterMs;
    rests.push(restMs);
    vi.advanceTimersByTime(restMs ?? 0);
    exits(loop, 5);
  }
  expect(rests).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
});

it("one young exit after the rest is enough for the next rest", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 5);
  vi.advanceTimersByTime(30_000);
  exits(loop, 1);
  expect(refusalOf(loop)).toMatchObject({ retryAfterMs: 60_000 });
});

it("a rest is not made longer by servers that were started before it and end during it", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 20);
  expect(refusalOf(loop)).toMatchObject({ retryAfterMs: 30_000 });
});

it("exits that are more than three minutes apart do not count together", () => {
  const loop = new CrashLoop("git", 5);
  for (let exit = 0; exit < 20; exit++) {
    loop.exited(YOUNG);
    vi.advanceTimersByTime(46_000);
  }
  expect(refusalOf(loop)).toBeUndefined();
});

it("five exits within three minutes count together", () => {
  const loop = new CrashLoop("git", 5);
  for (let exit = 0; exit < 5; exit++) {
    loop.exited(YOUNG);
    vi.advanceTimersByTime(40_000);
  }
  expect(refusalOf(loop)).toBeUndefined();
  for (let exit = 0; exit < 1; exit++) loop.exited(YOUNG);
  expect(refusalOf(loop)).toBeDefined();
});

it("a server that ran for ten seconds resets the count of early exits", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 4);
  loop.exited(10_000);
  exits(loop, 4);
  expect(refusalOf(loop)).toBeUndefined();
  exits(loop, 1);
  expect(refusalOf(loop)).toMatchObject({ retryAfterMs: 30_000 });
});

it("a server that recovered begins with a short rest again", () => {
  const loop = new CrashLoop("git", 5);
  exits(loop, 5);
  vi.advanceTimersByTime(30_000);
  exits(loop, 1);
  vi.advanceTimersByTime(60_000);
  loop.exited(GROWN);
  exits(loop, 5);
  expect(refusalOf(loop)).toMatchObject({ retryAfterMs: 30_000 });
});

it("a limit of 1 rests after every young exit", () => {
  const loop = new CrashLoop("git", 1);
  exits(loop, 1);
  expect(refusalOf(loop)).toBeDefined();
});

it("a limit of 0 never rests", () => {
  const loop = new CrashLoop("git", 0);
  exits(loop, 1_000);
  expect(refusalOf(loop)).toBeUndefined();
});
