import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Sampler } from "../../src/lib/sampler.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("a sampler lets the first few of each second through, and says how many it dropped before", () => {
  vi.advanceTimersByTime(10_000);
  const sampler = new Sampler(2);
  const take = (): (number | undefined)[] => Array.from({ length: 5 }, () => sampler.take());
  expect(take()).toEqual([0, 0, undefined, undefined, undefined]);
  vi.advanceTimersByTime(1_000);
  expect(take()).toEqual([3, 0, undefined, undefined, undefined]);
  vi.advanceTimersByTime(5_000);
  expect(take()).toEqual([3, 0, undefined, undefined, undefined]);
});
