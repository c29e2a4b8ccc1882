import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FairStore, type FairLimits } from "../../src/lib/fair-store.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const store = (limits: Partial<FairLimits> = {}): FairStore<string> =>
  new FairStore({ perOwner: 10, entries: 20, maxAgeMs: 1_000, ...limits });

/** Which of these keys the owner still has. */
const keysOf = (kept: FairStore<string>, owner: string, ...keys: string[]): string[] =>
  keys.filter((key) => kept.get(owner, key) !== undefined);

describe("a fair store", () => {
  it("keeps what each owner put under its own name", () => {
    const kept = store();
    kept.set("a", "key", "of a");
    kept.set("b", "key", "of b");
    expect([kept.get("a", "key"), kept.get("b", "key"), kept.get("c", "key")]).toEqual(["of a", "of b", undefined]);
    kept.delete("a", "key");
    kept.delete("c", "key");
    expect([kept.get("a", "key"), kept.get("b", "key")]).toEqual([undefined, "of b"]);
  });

  it("forgets what is old, counted from when it was set last", () => {
    const kept = store();
    kept.set("a", "1", "x");
    kept.set("a", "2", "x");
    vi.advanceTimersByTime(600);
    kept.set("a", "1", "x");
    vi.advanceTimersByTime(400);
    expect(keysOf(kept, "a", "1", "2")).toEqual(["1"]);
  });

  it("drops an owner's own oldest at the owner's bound", () => {
    const kept = store({ perOwner: 2 });
    kept.set("b", "0", "x");
    for (const key of ["1", "2", "1", "3"]) kept.set("a", key, "x");
    expect([keysOf(kept, "a", "1", "2", "3"), keysOf(kept, "b", "0")]).toEqual([["1", "3"], ["0"]]);
  });

  it("drops the oldest of the owner with most entries at the bound of all", () => {
    const kept = store({ entries: 3 });
    kept.set("a", "1", "x");
    for (const key of ["1", "2", "3", "4"]) kept.set("b", key, "x");
    expect([keysOf(kept, "a", "1"), keysOf(kept, "b", "1", "2", "3", "4")]).toEqual([["1"], ["3", "4"]]);
  });

  it("drops the oldest of the owner with most weight at the weight of all, and what alone is too heavy", () => {
    const kept = store({ weight: 10 });
    kept.set("a", "1", "x", 3);
    kept.set("b", "1", "x", 4);
    kept.set("b", "2", "x", 2);
    kept.set("c", "1", "x", 2);
    expect([keysOf(kept, "a", "1"), keysOf(kept, "b", "1", "2"), keysOf(kept, "c", "1")]).toEqual([
      ["1"],
      ["2"],
      ["1"],
    ]);
    kept.set("d", "1", "x", 11);
    expect([keysOf(kept, "a", "1"), keysOf(kept, "d", "1")]).toEqual([["1"], []]);
  });
});
