import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RestAnswer } from "../../../src/downstream/rest/answer.ts";
import type { Principal } from "../../../src/protocol/principal.ts";
import { IdempotencyStore, type RunningCall, type KeyedCall } from "../../../src/downstream/rest/idempotency.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;
const alice: Principal = { kind: "bearer", id: "alice" };
const answer = (body = "{}"): RestAnswer => ({ status: 200, headers: { "Content-Type": "application/json" }, body });
const store = (bytes = 1_000_000): IdempotencyStore => new IdempotencyStore({ maxAgeMs: 10 * MINUTE, bytes });
const keyed = (key: string, more: Partial<KeyedCall> = {}): KeyedCall => ({
  principal: alice,
  server: "git",
  tool: "commit",
  key,
  content: ["{}"],
  ...more,
});

function begun(kept: IdempotencyStore, key: string, more: Partial<KeyedCall> = {}): RunningCall {
  const result = kept.begin(keyed(key, more));
  if ("status" in result) throw new Error(`${key} was answered before`);
  return result;
}

const refusal = (reason: string): Error => expect.objectContaining({ reason }) as Error;

describe("a key", () => {
  it("begins a call, is refused while that runs, and gives its answer afterwards", () => {
    const kept = store();
    const call = begun(kept, "key");
    expect(() => kept.begin(keyed("key"))).toThrow(refusal("in_progress"));
    call.finish(answer("result"));
    const again = kept.begin(keyed("key"));
    expect(again).toMatchObject({ status: 200, body: "result", headers: { "Idempotency-Replayed": "true" } });
    expect(kept.begin(keyed("key"))).toEqual(again);
  });

  it("is refused with other arguments, running or answered", () => {
    const kept = store();
    const call = begun(kept, "key", { content: ["one"] });
    expect(() => kept.begin(keyed("key", { content: ["two"] }))).toThrow(refusal("key_reused"));
    call.finish(answer());
    expect(() => kept.begin(keyed("key", { content: ["two"] }))).toThrow(refusal("key_reused"));
  });

  it("is another one for another caller, server or tool", () => {
    const kept = store();
    begun(kept, "key").finish(answer("mine"));
    begun(kept, "key", { principal: { kind: "bearer", id: "bob" } });
    begun(kept, "key", { principal: { kind: "basic", id: "alice" } });
    begun(kept, "key", { server: "other" });
    begun(kept, "key", { tool: "other" });
    begun(kept, "key", { server: 'git","commit', tool: "" });
    expect(kept.begin(keyed("key"))).toMatchObject({ body: "mine" });
  });

  it("is free again when its call never ran, and not when it was answered", () => {
    const kept = store();
    begun(kept, "key").forget();
    const call = begun(kept, "key", { content: ["other"] });
    call.finish(answer());
    call.forget();
    expect(kept.begin(keyed("key", { content: ["other"] }))).toMatchObject({ status: 200 });
  });

  it("that was forgotten late does not free the call that came after it", () => {
    const kept = store();
    const first = begun(kept, "key");
    first.forget();
    begun(kept, "key");
    first.forget();
    expect(() => kept.begin(keyed("key"))).toThrow(refusal("in_progress"));
  });

  it("that was forgotten is not answered late, while the call that came after it runs", () => {
    const kept = store();
    const first = begun(kept, "key");
    first.forget();
    const second = begun(kept, "key");
    first.finish(answer("of the first"));
    expect(() => kept.begin(keyed("key"))).toThrow(refusal("in_progress"));
    second.finish(answer("of the second"));
    expect(kept.begin(keyed("key"))).toMatchObject({ body: "of the second" });
  });

  it("is refused while too many of its caller's run, and nobody else's is", () => {
    const kept = store();
    const calls = Array.from({ length: 256 }, (_, n) => begun(kept, `running-${n}`));
    expect(() => kept.begin(keyed("key"))).toThrow(refusal("queue_full"));
    begun(kept, "key", { principal: { kind: "bearer", id: "bob" } });
    calls[0]?.finish(answer());
    begun(kept, "key");
  });

  it.each(["", " ", "a b", "ü", "\n", "x".repeat(256)])("cannot be %j", (key) => {
    expect(() => store().begin(keyed(key))).toThrow(refusal("invalid_request"));
  });

  it.each(["x", "__proto__", "constructor", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "x".repeat(255)])(
    "may be %s",
    (key) => {
      const kept = store();
      begun(kept, key).finish(answer());
      expect(kept.begin(keyed(key))).toMatchObject({ status: 200 });
    },
  );
});

describe("an answer", () => {
  it("is kept for its time", () => {
    const kept = store();
    begun(kept, "key").finish(answer());
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect(kept.begin(keyed("key"))).toMatchObject({ status: 200 });
    vi.advanceTimersByTime(1);
    begun(kept, "key");
  });

  it("is kept for that time after it was given, however long the call ran", () => {
    const kept = store();
    const call = begun(kept, "key");
    vi.advanceTimersByTime(10 * MINUTE);
    call.finish(answer());
    vi.advanceTimersByTime(MINUTE);
    expect(kept.begin(keyed("key"))).toMatchObject({ status: 200 });
  });

  it("makes room when all of them are too large, the oldest first", () => {
    const kept = store(2_000);
    for (const key of ["a", "b", "c"]) begun(kept, key).finish(answer("x".repeat(400)));
    begun(kept, "a");
    expect(kept.begin(keyed("b"))).toMatchObject({ status: 200 });
    expect(kept.begin(keyed("c"))).toMatchObject({ status: 200 });
  });

  it("makes room for one that is younger, although an older key's answer came last", () => {
    const kept = store(2_000);
    const slow = begun(kept, "slow");
    begun(kept, "quick").finish(answer("x".repeat(400)));
    vi.advanceTimersByTime(MINUTE);
    slow.finish(answer("x".repeat(400)));
    begun(kept, "third").finish(answer("x".repeat(400)));
    begun(kept, "quick");
    expect(kept.begin(keyed("slow"))).toMatchObject({ status: 200 });
  });

  it("is dropped at its age, although a key that is older was answered later", () => {
    const kept = store();
    const slow = begun(kept, "slow");
    begun(kept, "quick").finish(answer());
    vi.advanceTimersByTime(9 * MINUTE);
    slow.finish(answer());
    vi.advanceTimersByTime(MINUTE);
    begun(kept, "quick");
    expect(kept.begin(keyed("slow"))).toMatchObject({ status: 200 });
  });

  it("is pushed out by its own caller's answers only", () => {
    const kept = store(100_000);
    const bob: Principal = { kind: "bearer", id: "bob" };
    begun(kept, "key").finish(answer("mine"));
    for (let n = 0; n < 5_000; n++) begun(kept, `${n}`, { principal: bob }).finish(answer("x".repeat(n)));
    expect(kept.begin(keyed("key"))).toMatchObject({ body: "mine" });
  });

  it("makes room when there are too many, and a running call never does", () => {
    const kept = store(1_000_000);
    begun(kept, "running");
    for (let n = 0; n < 1_500; n++) begun(kept, `key-${n}`).finish(answer());
    expect(() => kept.begin(keyed("running"))).toThrow(refusal("in_progress"));
    begun(kept, "key-0");
    expect(kept.begin(keyed("key-1499"))).toMatchObject({ status: 200 });
  });
});
