import { expect, it } from "vitest";
import { instanceSize } from "../../../../src/downstream/rest/checks/instance-size.ts";

it("every value, member and item counts", () => {
  expect(instanceSize({ a: 1, b: [2, 3] }, 100)).toBeCloseTo(7, 1);
  expect(instanceSize("", 100)).toBe(1);
});

it("no value counts more than its text has characters", () => {
  for (const value of [{}, [], 1, "", "x", [1, 2, 3], { a: {}, b: [[[]]] }, [{}, {}], "x".repeat(5_000)])
    expect(instanceSize(value, 1_000)).toBeLessThanOrEqual(JSON.stringify(value).length);
});

it("a text counts by its length, and a very long one by less of it", () => {
  expect(instanceSize("x".repeat(2_048), 100)).toBe(17);
  expect(instanceSize("x".repeat(1_048_576), 10_000)).toBe(1_025);
});

it("counting ends soon after the bound, and at a depth that would end us", () => {
  const seen: number[] = [];
  const items = Array.from({ length: 1_000 }, (_, n) => n);
  const watched = new Proxy(items, { get: (of, key) => (seen.push(1), Reflect.get(of, key)) });
  expect(instanceSize(watched, 10)).toBeGreaterThan(10);
  expect(seen.length).toBeLessThan(100);
  expect(instanceSize(JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`), 1_000_000)).toBe(Infinity);
});
