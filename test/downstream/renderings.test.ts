import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Renderings, type RenderingLimits } from "../../src/downstream/renderings.ts";
import { GatewayError } from "../../src/protocol/errors.ts";

const FREE: RenderingLimits = { entries: 3, bytes: 100, isFirstFree: true };
const COUNTED: RenderingLimits = { ...FREE, isFirstFree: false };
const LIST = { tools: "some" };

/** Counts the renderings, each of 10 bytes by default. */
function counting(limits: RenderingLimits) {
  const renderings = new Renderings<{ bytes: number; key: string }>(limits);
  const rendered: string[] = [];
  const take = (key: string, sources: readonly object[] = [LIST], { bytes = 10, ms = 0 } = {}) =>
    renderings.take(key, sources, () => {
      rendered.push(key);
      vi.advanceTimersByTime(ms);
      return { bytes, key };
    });
  return { take, rendered };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const refused = expect.objectContaining({ reason: "queue_full", status: 503 }) as Error;

describe("a rendering", () => {
  it("is made once for its key and its sources, and given again", () => {
    const { take, rendered } = counting(FREE);
    const first = take("a");
    expect(take("a")).toBe(first);
    expect(take("b")).not.toBe(first);
    expect(take("a")).toBe(first);
    expect(rendered).toEqual(["a", "b"]);
  });

  it.each<[string, readonly object[]]>([
    ["another one that is equal", [{ ...LIST }]],
    ["one more", [LIST, {}]],
    ["none", []],
  ])("is made anew when its source is %s", (_what, sources) => {
    const { take, rendered } = counting(FREE);
    take("a");
    take("a", sources);
    take("a", sources);
    expect(rendered).toEqual(["a", "a"]);
  });

  it("that throws is not kept", () => {
    const { take, rendered } = counting(FREE);
    const renderings = new Renderings<{ bytes: number }>(FREE);
    const fail = () =>
      renderings.take("a", [LIST], () => {
        throw new Error("a bug");
      });
    expect(fail).toThrow("a bug");
    expect(renderings.take("a", [LIST], () => ({ bytes: 1 }))).toEqual({ bytes: 1 });
    take("a");
    expect(rendered).toEqual(["a"]);
  });
});

describe("what is kept", () => {
  it("is bounded in number, least recently used first", () => {
    const { take, rendered } = counting(FREE);
    for (const key of ["a", "b", "c", "a", "d", "a", "c", "b"]) take(key);
    expect(rendered).toEqual(["a", "b", "c", "d", "b"]);
  });

  it("is bounded in bytes", () => {
    const { take, rendered } = counting({ ...FREE, entries: 100 });
    for (const key of ["a", "b", "c"]) take(key, [LIST], { bytes: 40 });
    take("c");
    take("b");
    take("a", [LIST], { bytes: 40 });
    expect(rendered).toEqual(["a", "b", "c", "a"]);
  });

  it("is nothing that alone is too large, and room for others is there again", () => {
    const { take, rendered } = counting(FREE);
    take("a", [LIST], { bytes: 101 });
    take("b");
    take("b");
    take("a", [LIST], { bytes: 101 });
    expect(rendered).toEqual(["a", "b", "a"]);
  });
});

describe("an allowance of time", () => {
  it("bounds renderings that come again and again: 503 with Retry-After", () => {
    const { take, rendered } = counting(COUNTED);
    const ask = (): void => {
      for (let at = 0; at < 100; at++) take(`key-${at}`, [LIST], { ms: 500 });
    };
    expect(ask).toThrow(refused);
    expect(rendered.length).toBeLessThan(10);
    expect(thrownBy(ask).retryAfterMs).toBeGreaterThanOrEqual(1_000);
    vi.advanceTimersByTime(thrownBy(ask).retryAfterMs ?? 0);
    const before = rendered.length;
    expect(ask).toThrow(refused);
    expect(rendered.length - before).toBe(1);
    // Cached renderings are still returned.
    const last = rendered.at(-1) ?? "";
    expect(take(last)).toMatchObject({ key: last });
  });

  it("is not needed for the first rendering where that is free, but for one that was dropped", () => {
    const { take, rendered } = counting({ entries: 100, bytes: 10, isFirstFree: true });
    for (const key of ["a", "b", "c", "d", "e", "f", "g", "h"]) take(key, [LIST], { ms: 500 });
    expect(rendered).toHaveLength(8);
    const again = (): void => {
      for (const key of ["a", "b", "c", "d", "e", "f", "g"]) take(key, [LIST], { ms: 700 });
    };
    expect(again).toThrow(refused);
    expect(take("a", [{ tools: "others" }])).toMatchObject({ key: "a" });
  });
});

function thrownBy(run: () => void): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
