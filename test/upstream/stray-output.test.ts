import { describe, expect, it } from "vitest";
import { MAX_STRAY_BYTES, StrayOutput } from "../../src/upstream/stray-output.ts";

describe("stray output", () => {
  it("is shown in a few samples, whose texts alone are read, and counted", () => {
    const samples: [string, number][] = [];
    let texts = 0;
    const stray = new StrayOutput((text, dropped) => samples.push([text, dropped]));
    for (let line = 0; line < 100_000; line++) {
      stray.add(10, () => {
        texts++;
        return `line ${line}`;
      });
    }
    expect(samples.slice(0, 2)).toEqual([
      ["line 0", 0],
      ["line 1", 0],
    ]);
    expect(texts).toBe(samples.length);
    expect(samples.length).toBeLessThan(100);
  });

  it("is too much when nothing else came for some MiB", () => {
    const stray = new StrayOutput(() => undefined);
    stray.add(MAX_STRAY_BYTES - 1, () => "");
    expect(stray.isOverLimit).toBe(false);
    stray.add(1, () => "");
    expect(stray.isOverLimit).toBe(true);
  });

  it("begins anew with each message", () => {
    const stray = new StrayOutput(() => undefined);
    for (let count = 0; count < 5; count++) {
      stray.add(MAX_STRAY_BYTES - 1, () => "");
      stray.reset();
    }
    expect(stray.isOverLimit).toBe(false);
  });
});
