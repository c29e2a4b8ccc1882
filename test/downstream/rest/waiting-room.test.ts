import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Caller } from "../../../src/downstream/rest/caller.ts";
import { Deadline } from "../../../src/downstream/rest/deadline.ts";
import { SharedResult, WaitingRoom } from "../../../src/downstream/rest/waiting-room.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Why a wait was rejected. */
const refused = (waited: Promise<unknown>): Promise<unknown> =>
  waited.then(
    (value) => value,
    (error: unknown) => error,
  );

const refusal = (reason: string): object => expect.objectContaining({ reason }) as object;

function caller(ms = 1_000, isKept = false): Caller {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  return new Caller(new Deadline({ ms, setting: "rest.timeout" }), response, isKept);
}

/** Verifies that a caller that stopped waiting left nothing behind. */
function expectTraceless(room: WaitingRoom<string>, { response }: Caller): void {
  expect([room.size, response.listenerCount("close"), vi.getTimerCount()]).toEqual([0, 0, 0]);
}

describe("a caller who waits", () => {
  it("goes on when it is called, and leaves nothing behind", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller()];
    const waited = room.enter(who, "it waits");
    expect(room.callNext("go")).toBe(true);
    expect(await waited).toBe("go");
    expectTraceless(room, who);
    expect(room.callNext("go")).toBe(false);
  });

  it("is refused when its time is over, with the limit that ended it, and leaves nothing behind", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller(500)];
    const waited = refused(room.enter(who, "it waits"));
    await vi.advanceTimersByTimeAsync(500);
    expect(await waited).toMatchObject({
      reason: "call_timeout",
      message: "No answer within 500 ms (rest.timeout): it waits.",
      details: { data: { limit: "rest.timeout" } },
    });
    expectTraceless(room, who);
  });

  it("waits no more when it has left, and leaves nothing behind", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller()];
    const waited = refused(room.enter(who, "it waits"));
    who.response.destroy();
    who.response.emit("close");
    expect(await waited).toEqual(refusal("session_ended"));
    expectTraceless(room, who);
  });

  it("does not begin to wait when it left before", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller()];
    who.response.destroy();
    await expect(room.enter(who, "it waits")).rejects.toEqual(refusal("session_ended"));
    expectTraceless(room, who);
  });

  it("queued behind another response has left when the connection is closed", () => {
    const who = caller();
    who.response.req.socket.destroy();
    expect(who.hasLeft).toBe(true);
  });

  it("keeps waiting when its response is stored under a key", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller(1_000, true)];
    const waited = room.enter(who, "it waits");
    who.response.destroy();
    who.response.emit("close");
    room.callAll("go");
    expect(await waited).toBe("go");
  });

  it("waits without a timer when it has no deadline", async () => {
    const [room, who] = [new WaitingRoom<string>(), caller(Number.POSITIVE_INFINITY)];
    const waited = room.enter(who, "it waits");
    expect(vi.getTimerCount()).toBe(0);
    room.callAll("go");
    expect(await waited).toBe("go");
  });
});

describe("a shared result", () => {
  it("gives each what came, or why nothing came, before and after", async () => {
    const came = new SharedResult(Promise.resolve("x"));
    expect(await Promise.all([came.wait(caller(), "it waits"), came.wait(caller(), "it waits")])).toEqual(["x", "x"]);
    expect(await came.wait(caller(), "it waits")).toBe("x");
    const failed = new SharedResult(Promise.reject(new Error("no")));
    await expect(failed.wait(caller(), "it waits")).rejects.toThrow("no");
    await expect(failed.wait(caller(), "it waits")).rejects.toThrow("no");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is waited for no longer than each has time", async () => {
    const never = new SharedResult(new Promise<string>(() => undefined));
    const outcomes = [caller(100), caller(200)].map((who) => refused(never.wait(who, "it waits")));
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcomes[0]).toEqual(refusal("call_timeout"));
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(await outcomes[1]).toEqual(refusal("call_timeout"));
  });
});
