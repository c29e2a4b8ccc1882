import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OverLimitSchemas } from "../../../../src/downstream/rest/checks/over-limit-schemas.ts";

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(MINUTE);
});
afterEach(() => vi.useRealTimers());

const many = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => `s${from + at}`);
const overLimit = (...names: string[]): OverLimitSchemas => {
  const kept = new OverLimitSchemas();
  for (const name of names) kept.add(name);
  return kept;
};

it("a schema is left alone for ten minutes", () => {
  const kept = overLimit("a");
  expect([kept.has("a"), kept.has("b")]).toEqual([true, false]);
  vi.advanceTimersByTime(9 * MINUTE);
  expect(kept.has("a")).toBe(true);
  vi.advanceTimersByTime(2 * MINUTE);
  expect(kept.has("a")).toBe(false);
});

it("beyond a thousand the one that was over longest ago is tried again", () => {
  const kept = overLimit(...many(0, 1_001));
  expect(many(0, 1_001).filter((name) => !kept.has(name))).toEqual(["s0"]);
});

it("a schema that exceeds its limits again counts as the newest", () => {
  const kept = overLimit(...many(0, 999), "s0", "s999", "s1000");
  expect([kept.has("s0"), kept.has("s1")]).toEqual([true, false]);
});

it("one that is added again does not evict another", () => {
  const kept = overLimit(...many(0, 1_000), "s5");
  expect(many(0, 1_000).filter((name) => !kept.has(name))).toEqual([]);
});
