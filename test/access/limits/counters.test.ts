import { array, assert as check, integer, nat, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Charge, Counters } from "../../../src/access/limits/counters.ts";
import { MemoryCounters } from "../../../src/access/limits/memory-counters.ts";
import { redisCounters } from "../../../src/access/limits/redis-counters.ts";
import { RedisStore } from "../../../src/cluster/redis.ts";
import { startRedis, withoutRedis } from "../../helpers/redis.ts";

const charge = (key: string, limit: number, points = 1): Charge => ({ key, limit, points, rule: "r" });

describe.each([
  ["in memory", undefined],
  ["in Redis", withoutRedis],
])("counters %s", (place, missing) => {
  const withCounters = async (run: (counters: Counters) => Promise<void>): Promise<void> => {
    if (place === "in memory") return run(new MemoryCounters());
    await using redis = await startRedis();
    const store = await RedisStore.connect({ url: redis.url, emit: () => undefined });
    try {
      await run(await redisCounters(store));
    } finally {
      store.close();
    }
  };

  it.skipIf(missing !== undefined)("grant exactly the limit, however many ask at once", () =>
    withCounters(async (counters) => {
      const calls = Array.from({ length: 50 }, () => Promise.resolve(counters.take([charge("a", 20)])));
      const counts = await Promise.all(calls);
      expect(counts.filter(({ isExceeded }) => !isExceeded)).toHaveLength(20);
      expect(counts.at(-1)).toMatchObject({ isExceeded: true, limit: 20, remaining: 0, rule: "r" });
      expect(counts.at(-1)?.resetMs).toBeGreaterThan(50_000);
      expect(counts.at(-1)?.resetMs).toBeLessThanOrEqual(60_000);
      expect(counters.foresee([charge("b", 5), charge("a", 20)])).toMatchObject({ isExceeded: true });
      expect(counters.foresee([charge("b", 5)])).toBeUndefined();
    }),
  );

  it.skipIf(missing !== undefined)("count all charges or none, and nothing of what is refused", () =>
    withCounters(async (counters) => {
      await counters.take([charge("a", 10, 8)]);
      await expect(Promise.resolve(counters.take([charge("a", 10, 3)]))).resolves.toMatchObject({
        isExceeded: true,
        remaining: 2,
      });
      // The second charge fits, the first one does not.
      expect(await counters.take([charge("a", 10, 3), charge("b", 3)])).toMatchObject({ isExceeded: true });
      expect(await counters.take([charge("b", 3, 3)])).toMatchObject({ isExceeded: false, remaining: 0 });
      expect(await counters.take([charge("a", 10, 2)])).toMatchObject({ isExceeded: false, remaining: 0 });
    }),
  );

  it.skipIf(missing !== undefined)("report the charge that has the least room left", () =>
    withCounters(async (counters) => {
      const count = await counters.take([charge("a", 10), { ...charge("b", 3), rule: "tight" }]);
      expect(count).toMatchObject({ limit: 3, remaining: 2, rule: "tight" });
    }),
  );
});

describe("counters in memory", () => {
  it("begin a window with its first request and end it after a minute, whatever the system time says", () => {
    let now = 1_000;
    const counters = new MemoryCounters(() => now);
    expect(counters.take([charge("a", 2)])).toMatchObject({ remaining: 1, resetMs: 60_000 });
    now += 59_999;
    expect(counters.take([charge("a", 2)])).toMatchObject({ isExceeded: false, resetMs: 1 });
    expect(counters.take([charge("a", 2)])).toMatchObject({ isExceeded: true, resetMs: 1 });
    now += 1;
    expect(counters.take([charge("a", 2)])).toMatchObject({ isExceeded: false, remaining: 1, resetMs: 60_000 });
  });

  it("keep at most 10,000 windows, and forget the oldest of them", () => {
    const counters = new MemoryCounters(() => 0);
    for (let at = 0; at < 25_000; at++) counters.take([charge(`k${at}`, 1)]);
    expect(counters.size).toBe(10_000);
    expect(counters.take([charge("k24999", 1)])).toMatchObject({ isExceeded: true });
    expect(counters.take([charge("k0", 1)])).toMatchObject({ isExceeded: false });
  });

  it("keep no window that is over while others begin", () => {
    let now = 0;
    const counters = new MemoryCounters(() => now);
    for (let at = 0; at < 1_000; at++) counters.take([charge(`old${at}`, 1)]);
    now = 60_001;
    for (let at = 0; at < 1_000; at++) counters.take([charge(`new${at}`, 1)]);
    expect(counters.size).toBe(1_000);
  });

  it("never grant more than the limit in any window, in any order of charges", () => {
    const step = record({ ms: nat(20_000), points: integer({ min: 1, max: 4 }) });
    check(
      property(array(step, { maxLength: 60 }), (steps) => {
        let now = 0;
        const counters = new MemoryCounters(() => now);
        let windowEndsAt = 0;
        let granted = 0;
        for (const { ms, points } of steps) {
          now += ms;
          if (now >= windowEndsAt) granted = 0;
          const { isExceeded } = counters.take([charge("a", 5, points)]);
          if (!isExceeded && granted === 0) windowEndsAt = now + 60_000;
          if (!isExceeded) granted += points;
          expect(granted).toBeLessThanOrEqual(5);
          expect(isExceeded).toBe(granted + points > 5 && isExceeded);
        }
      }),
    );
  });
});

describe("counters in Redis", () => {
  it.skipIf(withoutRedis !== undefined)(
    "heal a key without an expiry, and reject for one of another type",
    async () => {
      await using redis = await startRedis();
      const store = await RedisStore.connect({ url: redis.url, emit: () => undefined });
      const counters = await redisCounters(store);
      redis.ask("set", "stuck", "99");
      expect(await counters.take([charge("stuck", 5)])).toMatchObject({ isExceeded: true });
      expect(Number(redis.ask("ttl", "stuck"))).toBeGreaterThan(0);
      redis.ask("lpush", "list", "x");
      await expect(counters.take([charge("list", 5), charge("fine", 5)])).rejects.toThrow(/WRONGTYPE/);
      expect(redis.ask("get", "fine")).toBe("0");
      store.close();
    },
  );
});
