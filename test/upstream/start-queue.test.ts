import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { StartQueue, type StartLimits } from "../../src/upstream/start-queue.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: StartLimits = { perSecond: 10, burst: 20, startingPerServer: 4, queueMs: 5_000 };

/** A queue, and the outcome of every start that entered it. */
function gateWith(limits: Partial<StartLimits> = {}) {
  const gate = new StartQueue({ ...LIMITS, ...limits });
  const started: string[] = [];
  const refused: (readonly [string, GatewayError])[] = [];
  const enter = (server: string, name = server): (() => void) => {
    const leaveQueue = gate.enter(
      server,
      () => started.push(name),
      (error) => refused.push([name, error]),
    );
    nextTurn();
    return leaveQueue;
  };
  return { gate, started, refused, enter };
}

/** Lets the event loop turn once. */
const nextTurn = (): void => void vi.advanceTimersByTime(0);

const names = (count: number, prefix = "s"): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe("a start", () => {
  it("is the only one in a turn of the event loop, so that what else is due comes in between", () => {
    const gate = new StartQueue(LIMITS);
    const happened: string[] = [];
    for (const name of names(3)) {
      gate.enter(
        name,
        () => {
          happened.push(name);
          setImmediate(() => happened.push("something else"));
        },
        () => undefined,
      );
    }
    expect(happened).toEqual(["s0"]);
    vi.advanceTimersByTime(10);
    expect(happened.filter((what) => what !== "something else")).toEqual(["s0", "s1", "s2"]);
    expect(happened.indexOf("something else")).toBeLessThan(happened.indexOf("s2"));
  });
});

describe("the bucket", () => {
  it("lets a burst start at once", () => {
    const { started, enter } = gateWith();
    for (const name of names(20)) enter(name);
    expect(started).toHaveLength(20);
  });

  it("then lets ten a second start, in the order in which they came", () => {
    const { started, enter } = gateWith();
    for (const name of names(45)) enter(name);
    expect(started).toHaveLength(20);
    vi.advanceTimersByTime(1_000);
    expect(started.length).toBeGreaterThanOrEqual(29);
    expect(started.length).toBeLessThanOrEqual(31);
    vi.advanceTimersByTime(2_000);
    expect(started).toEqual(names(45));
  });

  it("is full again after a quiet time, and never more than full", () => {
    const { started, enter } = gateWith();
    for (const name of names(20)) enter(name);
    vi.advanceTimersByTime(3_600_000);
    for (const name of names(25, "later")) enter(name);
    expect(started).toHaveLength(40);
  });
});

describe("the crowd of one server", () => {
  it("is four that are starting", () => {
    const { started, enter } = gateWith();
    for (const name of names(6)) enter("slow", name);
    vi.advanceTimersByTime(1_000);
    expect(started).toEqual(["s0", "s1", "s2", "s3"]);
  });

  it("lets the next one in as soon as one is up", () => {
    const { gate, started, enter } = gateWith();
    for (const name of names(6)) enter("slow", name);
    gate.leave("slow");
    nextTurn();
    expect(started).toEqual(["s0", "s1", "s2", "s3", "s4"]);
    gate.leave("slow");
    nextTurn();
    expect(started).toHaveLength(6);
  });

  it("does not keep other servers from starting", () => {
    const { started, enter } = gateWith();
    for (const name of names(6)) enter("slow", name);
    enter("quick");
    expect(started).toContain("quick");
  });

  it("never goes below nobody", () => {
    const { gate, started, enter } = gateWith();
    for (let times = 0; times < 10; times++) gate.leave("slow");
    for (const name of names(6)) enter("slow", name);
    expect(started).toHaveLength(4);
  });

  it("is counted for a server whose name every object knows", () => {
    const { started, enter } = gateWith();
    for (const name of names(6)) enter("__proto__", name);
    for (const name of names(6)) enter("constructor", name);
    expect(started).toHaveLength(8);
  });
});

describe("the queue", () => {
  it("refuses who waited for too long, with a time to come back at", () => {
    const { started, refused, enter } = gateWith({ queueMs: 500 });
    for (const name of names(6)) enter("slow", name);
    vi.advanceTimersByTime(499);
    expect(refused).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(refused.map(([name]) => name)).toEqual(["s4", "s5"]);
    expect(refused[0]?.[1]).toMatchObject({ reason: "too_many_starts", status: 503, rpcCode: 50300 });
    expect(refused[0]?.[1].retryAfterMs).toBeGreaterThan(0);
    expect(started).toHaveLength(4);
  });

  it("forgets who has left it", () => {
    const { gate, started, refused, enter } = gateWith();
    for (const name of names(4)) enter("slow", name);
    const leave = enter("slow", "gone");
    enter("slow", "next");
    leave();
    gate.leave("slow");
    nextTurn();
    expect(started).toEqual([...names(4), "next"]);
    vi.advanceTimersByTime(10_000);
    expect(refused).toEqual([]);
  });

  it("needs no clock while nobody waits", () => {
    const { gate, enter } = gateWith();
    for (const name of names(5)) enter("slow", name);
    expect(vi.getTimerCount()).toBe(1);
    gate.leave("slow");
    nextTurn();
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that nobody may wait in still lets in whom there is room for", () => {
    const { started, refused, enter } = gateWith({ queueMs: 0 });
    for (const name of names(5)) enter("slow", name);
    vi.advanceTimersByTime(100);
    expect(started).toEqual(names(4));
    expect(refused.map(([name]) => name)).toEqual(["s4"]);
  });

  it("may be waited in for ever", () => {
    const { gate, started, refused, enter } = gateWith({ queueMs: Number.POSITIVE_INFINITY });
    for (const name of names(5)) enter("slow", name);
    vi.advanceTimersByTime(3_600_000);
    expect(refused).toEqual([]);
    gate.leave("slow");
    nextTurn();
    expect(started).toHaveLength(5);
  });

  it("takes one who comes back from within its own start or refusal", () => {
    const gate = new StartQueue({ ...LIMITS, startingPerServer: 1, queueMs: 100 });
    const told: string[] = [];
    const again = (): void =>
      void gate.enter(
        "a",
        () => told.push("again"),
        () => told.push("refused again"),
      );
    gate.enter(
      "a",
      () => told.push("first"),
      () => undefined,
    );
    gate.enter("a", () => undefined, again);
    vi.advanceTimersByTime(150);
    gate.leave("a");
    nextTurn();
    expect(told).toEqual(["first", "again"]);
  });

  it("refuses whose start fails, and goes on with those behind", () => {
    const { gate, started, refused, enter } = gateWith({ startingPerServer: 1 });
    enter("a", "first");
    gate.enter(
      "a",
      () => {
        throw new GatewayError("descriptors_exhausted", "No room.");
      },
      (error) => {
        refused.push(["second", error]);
        gate.leave("a");
        nextTurn();
      },
    );
    enter("a", "third");
    gate.leave("a");
    nextTurn();
    expect(started).toEqual(["first", "third"]);
    expect(refused.map(([name, { reason }]) => [name, reason])).toEqual([["second", "descriptors_exhausted"]]);
  });
});
