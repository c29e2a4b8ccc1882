import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from "../../src/lib/units.ts";

describe("a duration", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["10m", 600_000],
    ["1.5h", 5_400_000],
    ["2d", 172_800_000],
    ["0.5s", 500],
  ])("of %s is %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["0", "off"])("of %s has no end", (text) => {
    expect(durationMs(text)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(["90", "s", "", "1 s", "-1s", "1S", "1e3s", "10m30s", "1w", "1.s", "٣s", "1s\n"])(
    "is not written %j",
    (text) => {
      expect(DURATION_PATTERN.test(text)).toBe(false);
      expect(() => durationMs(text)).toThrow(RangeError);
    },
  );

  it("is readable in every shape that a config may hold", () => {
    fc.assert(
      fc.property(fc.stringMatching(DURATION_PATTERN), (text) => {
        expect(durationMs(text)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("a size", () => {
  it.each([
    ["512B", 512],
    ["1KB", 1_000],
    ["1KiB", 1_024],
    ["4MiB", 4_194_304],
    ["1.5MiB", 1_572_864],
    ["2MB", 2_000_000],
    ["1GiB", 1_073_741_824],
    ["1GB", 1_000_000_000],
  ])("of %s is %d bytes", (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });

  it.each(["4", "MiB", "", "4 MiB", "4mib", "4M", "-4MiB", "4TiB", "off", "4MiB\n"])("is not written %j", (text) => {
    expect(SIZE_PATTERN.test(text)).toBe(false);
    expect(() => sizeBytes(text)).toThrow(RangeError);
  });

  it("is a whole number of bytes in every shape that a config may hold", () => {
    const shape = fc.stringMatching(/^\d{1,3}(?:\.\d{1,3})?(?:B|KiB|MiB|GiB|KB|MB|GB)$/);
    fc.assert(
      fc.property(shape, (text) => {
        expect(text).toMatch(SIZE_PATTERN);
        expect(sizeBytes(text)).toSatisfy(Number.isSafeInteger);
      }),
    );
  });
});
