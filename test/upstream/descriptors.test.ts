import { closeSync, openSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { Descriptors } from "../../src/upstream/descriptors.ts";

const opened: number[] = [];
afterEach(() => opened.splice(0).forEach((descriptor) => closeSync(descriptor)));
const open = (count: number): void => {
  for (let left = count; left > 0; left--) opened.push(openSync("/dev/null", "r"));
};

function refusalOf(descriptors: Descriptors): unknown {
  try {
    descriptors.checkRoom();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("file descriptors", () => {
  it("have room for a process until only the reserve is left, and again when some are closed", () => {
    const descriptors = new Descriptors(2_000);
    expect(refusalOf(descriptors)).toBeUndefined();
    const tight = new Descriptors(300);
    open(300);
    expect(refusalOf(tight)).toMatchObject({
      reason: "descriptors_exhausted",
      status: 503,
      retryAfterMs: expect.any(Number),
    });
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
    expect(refusalOf(tight)).toBeUndefined();
  });

  it("leave a third of what is free to processes, however many connections are wanted", () => {
    const descriptors = new Descriptors(1_024);
    expect(descriptors.connections(100)).toBe(100);
    const most = descriptors.connections(1_000_000);
    expect(most).toBeGreaterThan(400);
    expect(most).toBeLessThan((1_024 * 2) / 3);
    expect(new Descriptors(10).connections(100)).toBe(1);
  });

  it("tell for how many sessions there is room", () => {
    expect(new Descriptors(10).sessions).toBe(0);
    expect(new Descriptors(100_000).sessions).toBeGreaterThan(20_000);
    expect(new Descriptors(Number.POSITIVE_INFINITY).sessions).toBe(Number.POSITIVE_INFINITY);
  });

  it("have the limit that the system tells", () => {
    expect(new Descriptors().limit).toBeGreaterThan(100);
  });
});
