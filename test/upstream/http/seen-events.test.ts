import { describe, expect, it } from "vitest";
import { Pieces } from "../../../src/lib/pieces.ts";
import { SeenEvents } from "../../../src/upstream/http/seen-events.ts";

describe("an event that has come before", () => {
  it("is known by its id and its text, once a stream was resumed", () => {
    const seen = new SeenEvents();
    const long = new Pieces([Buffer.from(`{"a":"${"x".repeat(40_000)}`), Buffer.from('"}')]);
    expect([seen.repeats("1", "a"), seen.repeats("2", long), seen.repeats("1", "a")]).toEqual([false, false, false]);
    seen.resumed();
    expect([seen.repeats("1", "a"), seen.repeats("2", long)]).toEqual([true, true]);
    // Of a server that counts on each stream anew.
    expect([seen.repeats("1", "b"), seen.repeats("3", "a")]).toEqual([false, false]);
  });

  it("is forgotten after many others", () => {
    const seen = new SeenEvents();
    seen.resumed();
    seen.repeats("first", "a");
    for (let id = 0; id < 10_000; id++) seen.repeats(`${id}`, "a");
    expect(seen.repeats("first", "a")).toBe(false);
    expect(seen.repeats("9999", "a")).toBe(true);
  });
});
