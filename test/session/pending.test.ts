import { describe, expect, it } from "vitest";
import type { RequestFrame } from "../../src/protocol/frame.ts";
import type { RequestId } from "../../src/protocol/jsonrpc.ts";
import { Pending } from "../../src/session/pending.ts";

const request = (id: RequestId, progressToken?: unknown): RequestFrame => ({
  kind: "request",
  id,
  method: "tools/call",
  params: progressToken === undefined ? undefined : { _meta: { progressToken } },
  line: "",
});

function pendingWith(...frames: readonly RequestFrame[]): Pending {
  const pending = new Pending();
  for (const [index, frame] of frames.entries())
    pending.add(frame, { now: 0, timeoutMs: 100, firstMs: (index + 1) * 100 });
  return pending;
}

describe("a request that waits", () => {
  it("is taken once", () => {
    const pending = pendingWith(request(1));
    expect(pending.take(1)).toMatchObject({ id: 1, method: "tools/call", sentAt: 0, expiresAt: 100 });
    expect(pending.take(1)).toBeUndefined();
    expect(pending.size).toBe(0);
  });

  it("is known by its id and the kind of its id", () => {
    const pending = pendingWith(request(1), request("1"), request(0), request(""), request(2n ** 60n));
    expect(pending.size).toBe(5);
    expect(pending.has(2n ** 60n)).toBe(true);
    expect(pending.has(BigInt(1))).toBe(false);
    expect(pending.take("1")?.id).toBe("1");
    expect(pending.has(1)).toBe(true);
    expect(pending.take("")?.id).toBe("");
    expect(pending.take(0)?.id).toBe(0);
  });

  it("is known by ids that every object knows", () => {
    const pending = pendingWith(request("__proto__"), request("constructor"));
    expect(pending.has("toString")).toBe(false);
    expect(pending.take("__proto__")?.id).toBe("__proto__");
    expect(pending.take("constructor")?.id).toBe("constructor");
  });
});

describe("a progress token", () => {
  it("finds its request until that is taken", () => {
    const pending = pendingWith(request(1, "a"), request(2, 7));
    expect(pending.withToken("a")?.id).toBe(1);
    expect(pending.withToken(7)?.id).toBe(2);
    expect(pending.withToken("7")).toBeUndefined();
    pending.take(1);
    expect(pending.withToken("a")).toBeUndefined();
  });

  it.each([[undefined], [null], [{}], [["a"]], [true]])("is not %j", (token) => {
    const pending = pendingWith(request(1, token));
    expect(pending.withToken(token)).toBeUndefined();
    expect(pending.size).toBe(1);
  });

  it("that two requests share finds the later one, and stays when the earlier one is taken", () => {
    const pending = pendingWith(request(1, "a"), request(2, "a"));
    pending.take(1);
    expect(pending.withToken("a")?.id).toBe(2);
    pending.take(2);
    expect(pending.withToken("a")).toBeUndefined();
  });
});

describe("a deadline", () => {
  it("is over at its moment, and the request stays until it is taken", () => {
    const pending = pendingWith(request(1), request(2));
    expect(pending.expired(99)).toEqual([]);
    expect(pending.expired(100).map(({ id }) => id)).toEqual([1]);
    expect(pending.expired(200).map(({ id }) => id)).toEqual([1, 2]);
    expect(pending.all().map(({ id }) => id)).toEqual([1, 2]);
  });

  it("may be moved", () => {
    const pending = pendingWith(request(1, "a"));
    const found = pending.withToken("a");
    if (found !== undefined) found.expiresAt = 500;
    expect(pending.expired(499)).toEqual([]);
    expect(pending.expired(500)).toHaveLength(1);
  });
});
