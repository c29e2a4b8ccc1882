import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RestAnswer } from "../../../src/downstream/rest/answer.ts";
import { IdempotencyStore, type Begun } from "../../../src/downstream/rest/idempotency.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;
const scope = ["bearer", "alice", "git", "commit"];
const answer = (body = "{}"): RestAnswer => ({ status: 200, headers: { "Content-Type": "application/json" }, body });
const store = (bytes = 1_000): IdempotencyStore => new IdempotencyStore({ maxAgeMs: 10 * MINUTE, bytes });

function begun(kept: IdempotencyStore, key: string, body = "{}", of = scope): Begun {
  const result = kept.begin(of, key, body);
  if ("status" in result) throw new Error(`${key} was answered before`);
  return result;
}

const refusal = (reason: string): Error => expect.objectContaining({ reason }) as Error;

describe("a key", () => {
  it("begins a call, is refused while that runs, and gives its answer afterwards", () => {
    const kept = store();
    const call = begun(kept, "key");
    expect(() => kept.begin(scope, "key", "{}")).toThrow(refusal("call_in_progress"));
    call.finish(answer("result"));
    const again = kept.begin(scope, "key", "{}");
    expect(again).toMatchObject({ status: 200, body: "result", headers: { "Idempotency-Replayed": "true" } });
    expect(kept.begin(scope, "key", "{}")).toEqual(again);
  });

  it("is refused with other arguments, running or answered", () => {
    const kept = store();
    const call = begun(kept, "key", '{"a":1}');
    expect(() => kept.begin(scope, "key", '{"a":2}')).toThrow(refusal("key_reused"));
    call.finish(answer());
    expect(() => kept.begin(scope, "key", '{"a":2}')).toThrow(refusal("key_reused"));
  });

  it("is another one for another caller, server or tool", () => {
    const kept = store();
    begun(kept, "key").finish(answer("mine"));
    for (const at of [0, 1, 2, 3]) begun(kept, "key", "{}", scope.toSpliced(at, 1, "other"));
    begun(kept, "key", "{}", ["bearer", 'alice","git', "commit"]);
    expect(kept.begin(scope, "key", "{}")).toMatchObject({ body: "mine" });
  });

  it("is free again when its call never ran, and not when it was answered", () => {
    const kept = store();
    begun(kept, "key").forget();
    const call = begun(kept, "key", '{"other":true}');
    call.finish(answer());
    call.forget();
    expect(kept.begin(scope, "key", '{"other":true}')).toMatchObject({ status: 200 });
  });

  it("that was forgotten late does not free the call that came after it", () => {
    const kept = store();
    const first = begun(kept, "key");
    first.forget();
    begun(kept, "key");
    first.forget();
    expect(() => kept.begin(scope, "key", "{}")).toThrow(refusal("call_in_progress"));
  });

  it.each(["", " ", "a b", "ü", "\n", "x".repeat(256)])("cannot be %j", (key) => {
    expect(() => store().begin(scope, key, "{}")).toThrow(refusal("invalid_request"));
  });

  it.each(["x", "__proto__", "constructor", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "x".repeat(255)])(
    "may be %s",
    (key) => {
      const kept = store();
      begun(kept, key).finish(answer());
      expect(kept.begin(scope, key, "{}")).toMatchObject({ status: 200 });
    },
  );
});

describe("an answer", () => {
  it("is kept for its time", () => {
    const kept = store();
    begun(kept, "key").finish(answer());
    vi.advanceTimersByTime(10 * MINUTE - 1);
    expect(kept.begin(scope, "key", "{}")).toMatchObject({ status: 200 });
    vi.advanceTimersByTime(1);
    begun(kept, "key");
  });

  it("is kept for that time after it was given, however long the call ran", () => {
    const kept = store();
    const call = begun(kept, "key");
    vi.advanceTimersByTime(10 * MINUTE);
    call.finish(answer());
    vi.advanceTimersByTime(MINUTE);
    expect(kept.begin(scope, "key", "{}")).toMatchObject({ status: 200 });
  });

  it("makes room when all of them are too large, the oldest first", () => {
    const kept = store(100);
    for (const key of ["a", "b", "c"]) begun(kept, key).finish(answer("x".repeat(40)));
    begun(kept, "a");
    expect(kept.begin(scope, "b", "{}")).toMatchObject({ status: 200 });
    expect(kept.begin(scope, "c", "{}")).toMatchObject({ status: 200 });
  });

  it("makes room when there are too many, and a running call never does", () => {
    const kept = store(1_000_000);
    begun(kept, "running");
    for (let n = 0; n < 1_500; n++) begun(kept, `key-${n}`).finish(answer());
    expect(() => kept.begin(scope, "running", "{}")).toThrow(refusal("call_in_progress"));
    begun(kept, "key-0");
    expect(kept.begin(scope, "key-1499", "{}")).toMatchObject({ status: 200 });
  });
});
