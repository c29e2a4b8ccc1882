import { describe, expect, it, test } from "vitest";
import {
  bytes,
  counted,
  duration,
  hoursAndMinutes,
  millis,
  rate,
  timeOfDay,
} from "../../../src/downstream/console/assets/format.js";
import { freeLook } from "../../../src/downstream/console/assets/line-looks.js";
import { closest, linePath, scale, ticksTo } from "../../../src/downstream/console/assets/plot-scale.js";
import { shownTime, timeTicks } from "../../../src/downstream/console/assets/plot-time.js";
import { HOUR_MS, maxStepMs, samplesOf, serversIn, withPoint } from "../../../src/downstream/console/assets/history.js";

// What the console does with figures, before any of it is drawn.

describe("figures are written as people read them:", () => {
  test.each([
    [bytes(0), "0 B"],
    [bytes(1023), "1023 B"],
    [bytes(1024), "1.0 KiB"],
    [bytes(10_240), "10 KiB"],
    [bytes(1_048_063), "1023 KiB"],
    [bytes(1_048_500), "1.0 MiB"],
    [bytes(5 * 1024 ** 3), "5.0 GiB"],
    [bytes(3000 * 1024 ** 4), "3000 TiB"],
    [millis(0.04), "0 ms"],
    [millis(1.26), "1.3 ms"],
    [millis(9.96), "10 ms"],
    [millis(999.4), "999 ms"],
    [millis(999.6), "1.00 s"],
    [millis(12_340), "12.3 s"],
    [millis(125_000), "2 min 05 s"],
    [duration(-5), "0 s"],
    [duration(59_999), "59 s"],
    [duration(60_000), "1 min 00 s"],
    [duration(3_725_000), "1 h 02 min"],
    [duration(97 * 3_600_000), "4 d 01 h"],
    [rate(0), "0"],
    [rate(0.04), "0"],
    [rate(1.25), "1.3"],
    [rate(41.7), "42"],
    [rate(12_345), "12.3k"],
    [counted(1, "call"), "1 call"],
    [counted(12_000, "call"), "12,000 calls"],
    [timeOfDay(new Date(2026, 0, 2, 3, 4, 5, 6).getTime()), "03:04:05.006"],
    [hoursAndMinutes(new Date(2026, 0, 2, 13, 4).getTime()), "13:04"],
  ])("%s", (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe("the axis of a plot", () => {
  it.each([
    [0, "decimal", [0, 0.001]],
    [7, "decimal", [0, 5, 10]],
    [1.7, "decimal", [0, 1, 2]],
    [0.3, "decimal", [0, 0.1, 0.2, 0.3]],
    [1, "whole", [0, 1]],
    [4, "whole", [0, 2, 4]],
    [0, "whole", [0, 1]],
    [100, "binary", [0, 1024]],
    [90 * 1024 ** 2, "binary", [0, 32, 64, 96].map((one) => one * 1024 ** 2)],
  ] as const)("to %s in %s steps", (highest, steps, expected) => {
    const ticks = ticksTo(highest, steps);
    expect(ticks.map((tick) => Math.round(tick * 1e6) / 1e6)).toEqual(expected);
  });

  it("has few steps and reaches the highest value, whatever that is", () => {
    for (let highest = 1e-4; highest < 1e13; highest *= 1.7) {
      for (const steps of ["decimal", "binary", "whole"] as const) {
        const ticks = ticksTo(highest, steps);
        expect(ticks.at(-1), `${steps} to ${highest}`).toBeGreaterThanOrEqual(highest * (1 - 1e-6));
        expect(ticks.length).toBeLessThanOrEqual(5);
      }
    }
  });
});

describe("a line of a plot", () => {
  const plot = { x: (at: number) => at, y: (value: number) => 10 - value, maxStepMs: 2 };

  it.each([
    ["joins what is known", [1, 2, 3], "M0 9h0L1 8L2 7"],
    ["is interrupted where nothing is known", [1, undefined, 3], "M0 9h0M2 7h0"],
    ["is nothing without values", [undefined, undefined], ""],
  ])("%s", (_what, values, path) => {
    expect(
      linePath(
        values.map((value, at) => ({ at, value })),
        plot,
      ),
    ).toBe(path);
  });

  it("is interrupted where no point was made for a while", () => {
    const samples = [0, 2, 5].map((at) => ({ at, value: 1 }));
    expect(linePath(samples, plot)).toBe("M0 9h0L2 9M5 9h0");
  });

  it("has its places in proportion, also where there is no extent", () => {
    expect(scale([0, 10], [100, 0])(4)).toBe(60);
    expect(scale([5, 5], [7, 9])(5)).toBe(7);
  });

  it("shows the last hour, or since something has been known, with few labels at full minutes", () => {
    const minute = 60_000;
    const clock = (minutes: readonly number[]): number[] => minutes.map((one) => one * minute);
    expect(shownTime(clock([10, 40, 75]))).toEqual(clock([15, 75]));
    expect(shownTime(clock([10, 40]))).toEqual(clock([10, 40]));
    expect(shownTime(clock([39.5, 40]))).toEqual(clock([35, 40]));
    expect(shownTime([])[1]).toBeGreaterThan(0);
    expect(timeTicks([15.2 * minute, 75.2 * minute])).toEqual(clock([30, 45, 60, 75]));
    expect(timeTicks([10 * minute, 15 * minute])).toEqual(clock([10, 11, 12, 13, 14, 15]));
    for (let span = 5; span <= 60; span++) {
      const { length } = timeTicks([3.3 * minute, (3.3 + span) * minute]);
      expect(length, `in ${span} min`).toBeGreaterThanOrEqual(2);
      expect(length).toBeLessThanOrEqual(6);
    }
  });

  it("is read at the closest time", () => {
    expect([-5, 14, 15, 16, 99].map((at) => closest([0, 10, 20], at))).toEqual([0, 1, 2, 2, 2]);
    expect(closest([], 3)).toBe(-1);
  });
});

describe("the look of a line", () => {
  it("is its own as long as there are some, and those of many are shared out evenly", () => {
    const taken: string[] = [];
    for (let at = 0; at < 100; at++) taken.push(freeLook(taken));
    expect(new Set(taken.slice(0, 24)).size).toBe(24);
    expect(taken.slice(24, 48)).toEqual(taken.slice(0, 24));
    expect(freeLook(["line-0", "line-2"])).toBe("line-1");
  });
});

describe("the last hour", () => {
  const figures = { callsPerSecond: 2, p50: undefined, p95: 3, processes: 1, residentBytes: 5 };
  const point = (at: number, ...names: string[]) => ({
    at,
    residentBytes: 1,
    servers: Object.fromEntries(names.map((name) => [name, figures])),
  });

  it("loses its beginning as it goes on, and has no time twice", () => {
    const history = withPoint({ everyMs: 10, points: [point(0, "a"), point(10, "a")] }, point(HOUR_MS + 5, "b"));
    expect(history.points.map(({ at }) => at)).toEqual([10, HOUR_MS + 5]);
    expect(withPoint(history, point(HOUR_MS + 5, "c")).points).toHaveLength(2);
    expect(serversIn(history)).toEqual(["a", "b"]);
    expect(maxStepMs(history)).toBe(25);
  });

  it("has nothing of a server that was not there, or was not called; an inherited name is none", () => {
    const history = { everyMs: 10, points: [point(0, "a"), point(10)] };
    expect(samplesOf(history, "a", "callsPerSecond")).toEqual([
      { at: 0, value: 2 },
      { at: 10, value: undefined },
    ]);
    expect(samplesOf(history, "a", "p50")[0]).toEqual({ at: 0, value: undefined });
    expect(samplesOf(history, "constructor", "processes")[0]?.value).toBeUndefined();
  });
});
