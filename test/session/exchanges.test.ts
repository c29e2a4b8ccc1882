import { describe, expect, it } from "vitest";
import type { RequestFrame, ResponseFrame } from "../../src/protocol/frame.ts";
import type { RequestId } from "../../src/protocol/jsonrpc.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import type { Reply } from "../../src/protocol/exchange.ts";
import { Exchanges, renew } from "../../src/session/exchanges.ts";

const request = (id: RequestId, progressToken?: unknown): RequestFrame => ({
  kind: "request",
  id,
  method: "tools/call",
  params: progressToken === undefined ? undefined : { _meta: { progressToken } },
  line: "",
});

const NOWHERE: Reply = { message: () => undefined, answer: () => undefined, withdrawn: () => undefined };

const answer = (id: RequestId): ResponseFrame => ({ kind: "response", id, failed: false, line: "" });

function exchangesWith(...frames: readonly RequestFrame[]): Exchanges {
  const exchanges = new Exchanges(() => undefined);
  for (const [index, frame] of frames.entries())
    exchanges.open(frame, { requestId: "r", reply: NOWHERE, startedAt: 0, timeoutMs: 100, firstMs: (index + 1) * 100 });
  return exchanges;
}

describe("a request that waits", () => {
  it("is taken once", () => {
    const exchanges = exchangesWith(request(1));
    expect(exchanges.answer(answer(1))).toMatchObject({ id: 1, method: "tools/call", startedAt: 0, expiresAt: 100 });
    expect(exchanges.answer(answer(1))).toBeUndefined();
    expect(exchanges.size).toBe(0);
  });

  it("is known by its id and the kind of its id", () => {
    const exchanges = exchangesWith(request(1), request("1"), request(0), request(""), request(2n ** 60n));
    expect(exchanges.size).toBe(5);
    expect(exchanges.has(2n ** 60n)).toBe(true);
    expect(exchanges.has(BigInt(1))).toBe(false);
    expect(exchanges.answer(answer("1"))?.id).toBe("1");
    expect(exchanges.has(1)).toBe(true);
    expect(exchanges.answer(answer(""))?.id).toBe("");
    expect(exchanges.answer(answer(0))?.id).toBe(0);
  });

  it("may have the name of an Object.prototype property as its id", () => {
    const exchanges = exchangesWith(request("__proto__"), request("constructor"));
    expect(exchanges.has("toString")).toBe(false);
    expect(exchanges.answer(answer("__proto__"))?.id).toBe("__proto__");
    expect(exchanges.answer(answer("constructor"))?.id).toBe("constructor");
  });
});

describe("a progress token", () => {
  it("finds its request until that is taken", () => {
    const exchanges = exchangesWith(request(1, "a"), request(2, 7));
    expect(exchanges.withToken("a")?.id).toBe(1);
    expect(exchanges.withToken(7)?.id).toBe(2);
    expect(exchanges.withToken("7")).toBeUndefined();
    exchanges.answer(answer(1));
    expect(exchanges.withToken("a")).toBeUndefined();
  });

  it.each([[undefined], [null], [{}], [["a"]], [true]])("is not %j", (token) => {
    const exchanges = exchangesWith(request(1, token));
    expect(exchanges.withToken(token)).toBeUndefined();
    expect(exchanges.size).toBe(1);
  });

  it("that two requests share finds the later one, and stays when the earlier one is taken", () => {
    const exchanges = exchangesWith(request(1, "a"), request(2, "a"));
    exchanges.answer(answer(1));
    expect(exchanges.withToken("a")?.id).toBe(2);
    exchanges.answer(answer(2));
    expect(exchanges.withToken("a")).toBeUndefined();
  });
});

describe("an exchange", () => {
  it("ends once, and reports the outcome to its reply and its listener", () => {
    const told: unknown[] = [];
    const ends: unknown[] = [];
    const exchanges = new Exchanges(({ id }, outcome) => ends.push([id, outcome]));
    const reply: Reply = {
      message: () => told.push("message"),
      answer: ({ id, failed, fault }) => told.push([id, failed, fault?.reason]),
      withdrawn: () => told.push("withdrawn"),
    };
    for (const id of [1, 2, 3, 4])
      exchanges.open(request(id), { requestId: "r", reply, startedAt: 0, timeoutMs: 100, firstMs: 100 });
    for (const _time of ["first", "second"]) {
      exchanges.answer(answer(1));
      exchanges.answer({ ...answer(2), failed: true });
      exchanges.cancel(3);
      exchanges.fail(4, new GatewayError("call_timeout", "Too late."));
    }
    expect(told).toEqual([[1, false, undefined], [2, true, undefined], "withdrawn", [4, true, "call_timeout"]]);
    expect(ends).toEqual([
      [1, "result"],
      [2, "error"],
      [3, "cancelled"],
      [4, "call_timeout"],
    ]);
  });
});

describe("a deadline", () => {
  it("is over at its moment, and the request stays until it is taken", () => {
    const exchanges = exchangesWith(request(1), request(2));
    expect(exchanges.expired(99)).toEqual([]);
    expect(exchanges.expired(100).map(({ id }) => id)).toEqual([1]);
    expect(exchanges.expired(200).map(({ id }) => id)).toEqual([1, 2]);
    expect(exchanges.all().map(({ id }) => id)).toEqual([1, 2]);
  });

  it("begins anew with progress, up to the longest time that a request may take", () => {
    const exchanges = exchangesWith(request(1, "a"));
    const found = exchanges.withToken("a");
    if (found === undefined) throw new Error("nobody waits");
    renew(found, 90, 250);
    expect(found.expiresAt).toBe(190);
    renew(found, 180, 250);
    expect(found.expiresAt).toBe(250);
  });

  it("may be moved", () => {
    const exchanges = exchangesWith(request(1, "a"));
    const found = exchanges.withToken("a");
    if (found !== undefined) found.expiresAt = 500;
    expect(exchanges.expired(499)).toEqual([]);
    expect(exchanges.expired(500)).toHaveLength(1);
  });
});
