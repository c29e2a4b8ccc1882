import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { StartQueue, type StartLimits } from "../../src/upstream/start-queue.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const LIMITS: StartLimits = { perSecond: 10, burst: 20, startingPerServer: 4, queueMs: 5_000 };

/** A queue, and the outcome of every start that entered it. */
function queueWith(limits: Partial<StartLimits> = {}) {
  const queue = new StartQueue({ ...LIMITS, ...limits });
  const started: string[] = [];
  const refused: (readonly [string, GatewayError])[] = [];
  const enter = (server: string, name = server): (() => void) => {
    const leaveQueue = queue.enter(
      server,
      () => started.push(name),
      (error) => refused.push([name, error]),
    );
    nextTurn();
    return leaveQueue;
  };
  return { queue, started, refused, enter };
}

/** Lets the event loop turn once. */
const nextTurn = (): void => void vi.advanceTimersByTime(0);

const names = (count: number, prefix = "s"): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe("a start", () => {
  it("is the only one in a turn of the event loop, so that what else is due comes in between", () => {
    const queue = new StartQueue(LIMITS);
    const happened: string[] = [];
    for (const name of names(3)) {
      queue.enter(
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
    const { started, enter } = queueWith();
    for (const name of names(20)) enter(name);
    expect(started).toHaveLength(20);
  });

  it("then lets ten a second start, in the order in which they came", () => {
    const { started, enter } = queueWith();
    for (const name of names(45)) enter(name);
    expect(started).toHaveLength(20);
    vi.advanceTimersByTime(1_000);
    expect(started.length).toBeGreaterThanOrEqual(29);
    expect(started.length).toBeLessThanOrEqual(31);
    vi.advanceTimersByTime(2_000);
    expect(started).toEqual(names(45));
  });

  it("is full again after a quiet time, and never more than full", () => {
    const { started, enter } = queueWith();
    for (const name of names(20)) enter(name);
    vi.advanceTimersByTime(3_600_000);
    for (const name of names(25, "later")) enter(name);
    expect(started).toHaveLength(40);
  });
});

describe("the starts of one server", () => {
  it("are limited to four at a time", () => {
    const { started, enter } = queueWith();
    for (const name of names(6)) enter("slow", name);
    vi.advanceTimersByTime(1_000);
    expect(started).toEqual(["s0", "s1", "s2", "s3"]);
  });

  it("lets the next one in as soon as one is up", () => {
    const { queue, started, enter } = queueWith();
    for (const name of names(6)) enter("slow", name);
    queue.leave("slow");
    nextTurn();
    expect(started).toEqual(["s0", "s1", "s2", "s3", "s4"]);
    queue.leave("slow");
    nextTurn();
    expect(started).toHaveLength(6);
  });

  it("does not keep other servers from starting", () => {
    const { started, enter } = queueWith();
    for (const name of names(6)) enter("slow", name);
    enter("quick");
    expect(started).toContain("quick");
  });

  it("never goes below zero", () => {
    const { queue, started, enter } = queueWith();
    for (let times = 0; times < 10; times++) queue.leave("slow");
    for (const name of names(6)) enter("slow", name);
    expect(started).toHaveLength(4);
  });

  it("are counted for a server named like an Object.prototype property", () => {
    const { started, enter } = queueWith();
    for (const name of names(6)) enter("__proto__", name);
    for (const name of names(6)) enter("constructor", name);
    expect(started).toHaveLength(8);
  });
});

describe("the queue", () => {
  it("refuses a start that waited for too long, with a retry time", () => {
    const { started, refused, enter } = queueWith({ queueMs: 500 });
    for (const name of names(6)) enter("slow", name);
    vi.advanceTimersByTime(499);
    expect(refused).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(refused.map(([name]) => name)).toEqual(["s4", "s5"]);
    expect(refused[0]?.[1]).toMatchObject({ reason: "too_many_starts", status: 503, rpcCode: 50300 });
    expect(refused[0]?.[1].retryAfterMs).toBeGreaterThan(0);
    expect(started).toHaveLength(4);
  });

  it("forgets a start that has left the queue", () => {
    const { queue, started, refused, enter } = queueWith();
    for (const name of names(4)) enter("slow", name);
    const leave = enter("slow", "gone");
    enter("slow", "next");
    leave();
    queue.leave("slow");
    nextTurn();
    expect(started).toEqual([...names(4), "next"]);
    vi.advanceTimersByTime(10_000);
    expect(refused).toEqual([]);
  });

  it("has no timer while it is empty", () => {
    const { queue, enter } = queueWith();
    for (const name of names(5)) enter("slow", name);
    expect(vi.getTimerCount()).toBe(1);
    queue.leave("slow");
    nextTurn();
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("without waiting time still admits a start for which there is room", () => {
    const { started, refused, enter } = queueWith({ queueMs: 0 });
    for (const name of names(5)) enter("slow", name);
    vi.advanceTimersByTime(100);
    expect(started).toEqual(names(4));
    expect(refused.map(([name]) => name)).toEqual(["s4"]);
  });

  it("may be waited in for ever", () => {
    const { queue, started, refused, enter } = queueWith({ queueMs: Number.POSITIVE_INFINITY });
    for (const name of names(5)) enter("slow", name);
    vi.advanceTimersByTime(3_600_000);
    expect(refused).toEqual([]);
    queue.leave("slow");
    nextTurn();
    expect(started).toHaveLength(5);
  });

  it("accepts an entry from within a start or a refusal", () => {
    const queue = new StartQueue({ ...LIMITS, startingPerServer: 1, queueMs: 100 });
    const told: string[] = [];
    const again = (): void =>
      void queue.enter(
        "a",
        () => told.push("again"),
        () => told.push("refused again"),
      );
    queue.enter(
      "a",
      () => told.push("first"),
      () => undefined,
    );
    queue.enter("a", () => undefined, again);
    vi.advanceTimersByTime(150);
    queue.leave("a");
    nextTurn();
    expect(told).toEqual(["first", "again"]);
  });

  it("refuses a start that throws, and continues with the next", () => {
    const { queue, started, refused, enter } = queueWith({ startingPerServer: 1 });
    enter("a", "first");
    queue.enter(
      "a",
      () => {
        throw new GatewayError("descriptors_exhausted", "No room.");
      },
      (error) => {
        refused.push(["second", error]);
        queue.leave("a");
        nextTurn();
      },
    );
    enter("a", "third");
    queue.leave("a");
    nextTurn();
    expect(started).toEqual(["first", "third"]);
    expect(refused.map(([name, { reason }]) => [name, reason])).toEqual([["second", "descriptors_exhausted"]]);
  });
});
