import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Replay } from "../../../src/downstream/streamable/replay.ts";

describe("the messages of a stream", () => {
  it("are replayed from a position on, on this stream only", () => {
    const replay = new Replay({ events: 100, bytes: 1_000 });
    const ids = ["a", "b", "c"].map((line) => replay.add("g", line, true));
    replay.add("p1", "x", true);
    const position = replay.positionOf(ids[0] ?? "");
    if (position === undefined) throw new Error("its own id is none");
    expect(replay.after(position).map(({ line }) => line)).toEqual(["b", "c"]);
    expect(replay.after({ stream: "p1", sequence: 0 }).map(({ line }) => line)).toEqual(["x"]);
    expect(replay.after({ stream: "p2", sequence: 0 })).toEqual([]);
  });

  it("has ids that no other event has, and none of another session", () => {
    const [replay, other] = [new Replay({ events: 2, bytes: 1_000 }), new Replay({ events: 2, bytes: 1_000 })];
    const ids = [replay.add("g", "a", true), replay.add("p1", "b", true), replay.add("g", "c", true)];
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(replay.positionOf(id)).toBeDefined();
    for (const id of ids) expect(other.positionOf(id)).toBeUndefined();
  });

  it("are delivered once when no stream was open", () => {
    const replay = new Replay({ events: 100, bytes: 1_000 });
    replay.add("g", "told", true);
    replay.add("g", "untold", false);
    expect(replay.unsent("g").map(({ line }) => line)).toEqual(["untold"]);
    expect(replay.unsent("g")).toEqual([]);
  });
});

describe("the memory", () => {
  it("is bounded by events and by bytes, and the oldest go first", () => {
    const line = fc.string({ maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(line),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 60 }),
        (lines, events, bytes) => {
          const replay = new Replay({ events, bytes });
          for (const one of lines) replay.add("g", one, true);
          const kept = replay.after({ stream: "g", sequence: 0 }).map((event) => event.line.toString());
          expect(kept.length).toBeLessThanOrEqual(events);
          expect(kept.join("").length).toBeLessThanOrEqual(bytes);
          const fitting = lines.filter((one) => one.length <= bytes);
          expect(kept).toEqual(fitting.slice(fitting.length - kept.length));
        },
      ),
    );
  });

  it("leaves out what alone is over the bound, and keeps the rest", () => {
    const replay = new Replay({ events: 10, bytes: 5 });
    replay.add("g", "abc", true);
    replay.add("g", "too long", true);
    expect(replay.after({ stream: "g", sequence: 0 }).map(({ line }) => line)).toEqual(["abc"]);
  });
});

it.each([
  "",
  "g",
  "g.",
  "g.-1",
  "g.1.2",
  "x.1",
  "p.1",
  "p1",
  "__proto__",
  "g.1e3",
  "g.1 ",
  "G.1",
  `g.${"9".repeat(20)}`,
])("%j is no position", (id) => {
  expect(new Replay({ events: 1, bytes: 1 }).positionOf(id)).toBeUndefined();
});
