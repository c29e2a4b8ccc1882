import { describe, expect, it } from "vitest";
import { HeapWatch } from "../../src/observability/heap-watch.ts";

describe("the watch of the heap", () => {
  it("says nothing below 85 %, and does not collect", () => {
    const watch = new HeapWatch({
      used: () => 0.84,
      collect: () => {
        throw new Error("nothing was to be collected");
      },
    });
    expect(watch.check()).toBeUndefined();
  });

  it("says nothing when it was garbage", () => {
    let used = 0.9;
    const watch = new HeapWatch({ used: () => used, collect: () => (used = 0.3) });
    expect(watch.check()).toBeUndefined();
  });

  it("refuses work while the heap is full, and collects every half minute, not at every question", () => {
    let collections = 0;
    const watch = new HeapWatch({ used: () => 0.9, collect: () => collections++ });
    for (const now of [0, 10, 20_000, 29_999]) expect(watch.check(now)).toMatchObject({ refuses: true });
    expect(collections).toBe(1);
    watch.check(30_000);
    expect(collections).toBe(2);
  });

  it("reads and collects the heap of this process", () => {
    expect(new HeapWatch().check()).toBeUndefined();
  });
});
