import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DelayQueue } from "../../src/lib/delay-queue.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("does an item once, after one to two periods", () => {
  const done: string[] = [];
  const soon = new DelayQueue<string>(100, (item) => done.push(item));
  soon.add("a");
  vi.advanceTimersByTime(50);
  soon.add("b");
  vi.advanceTimersByTime(100);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(50);
  expect(done).toEqual(["a", "b"]);
  vi.advanceTimersByTime(1_000);
  expect(done).toEqual(["a", "b"]);
});

it("leaves out what was removed before its time, young or old", () => {
  const done: string[] = [];
  const soon = new DelayQueue<string>(100, (item) => done.push(item));
  for (const item of ["young", "old", "kept"]) soon.add(item);
  soon.remove("young");
  vi.advanceTimersByTime(100);
  soon.remove("old");
  vi.advanceTimersByTime(200);
  expect(done).toEqual(["kept"]);
});

it("needs no timer while there is nothing to do", () => {
  const soon = new DelayQueue<string>(100, () => undefined);
  soon.add("a");
  expect(vi.getTimerCount()).toBe(1);
  soon.add("b");
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

it("takes an item that is added while another one is done", () => {
  const done: string[] = [];
  const soon: DelayQueue<string> = new DelayQueue(100, (item) => {
    done.push(item);
    if (item === "first") soon.add("second");
  });
  soon.add("first");
  vi.advanceTimersByTime(1_000);
  expect(done).toEqual(["first", "second"]);
  expect(vi.getTimerCount()).toBe(0);
});
