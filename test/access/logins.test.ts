import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configuredAuthenticators, AccessGate } from "../../src/access/gate.ts";
import { Logins, networkOf } from "../../src/access/logins.ts";
import { GatewayError } from "../../src/protocol/errors.ts";

const auth = {
  bearer: { tokens: ["the-good-token", "another-good-token"] },
  apiKeys: [{ id: "ci", key: "the-good-api-key" }],
};

let gate: AccessGate;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  gate = new AccessGate(configuredAuthenticators(auth), new Logins(10));
});
afterEach(() => vi.useRealTimers());

const status = (address: string | undefined, authorization?: string, more: object = {}): number => {
  try {
    void gate.admit({ authorization, address, ...more });
    return 200;
  } catch (error) {
    return error instanceof GatewayError ? error.status : 0;
  }
};
const fail = (address: string, times: number): number[] =>
  Array.from({ length: times }, (_, at) => status(address, `Bearer wrong-${at}`));

describe("after ten failed logins within a minute", () => {
  it("the eleventh is answered with 429, and how long to wait", () => {
    expect(fail("192.0.2.1", 10)).toEqual(Array(10).fill(401));
    vi.advanceTimersByTime(20_000);
    expect(() => gate.admit({ authorization: "Bearer wrong", address: "192.0.2.1" })).toThrow(
      expect.objectContaining({ reason: "too_many_failed_logins", retryAfterMs: 40_000 }),
    );
  });

  it("a right credential that is new there is not told from a wrong one: nobody can go on guessing", () => {
    fail("192.0.2.1", 10);
    expect([status("192.0.2.1", "Bearer the-good-token"), status("192.0.2.1", "Bearer bad")]).toEqual([429, 429]);
    expect(status("192.0.2.1", undefined, { xApiKey: "the-good-api-key" })).toBe(429);
  });

  it("whoever was admitted from there before still is", () => {
    expect(status("192.0.2.1", "Bearer the-good-token")).toBe(200);
    expect(status("192.0.2.1", undefined, { xApiKey: "the-good-api-key" })).toBe(200);
    fail("192.0.2.1", 20);
    expect(status("192.0.2.1", "Bearer the-good-token")).toBe(200);
    expect(status("192.0.2.1", "Api-Key the-good-api-key")).toBe(200);
    expect(status("192.0.2.1", "Bearer another-good-token")).toBe(429);
  });

  it("everybody is let in again when the minute is over, however often it was tried meanwhile", () => {
    fail("192.0.2.1", 10);
    for (let second = 0; second < 60; second++) {
      fail("192.0.2.1", 5);
      vi.advanceTimersByTime(1_000);
    }
    expect(status("192.0.2.1", "Bearer the-good-token")).toBe(200);
  });

  it("other addresses are not affected", () => {
    fail("192.0.2.1", 20);
    expect(status("192.0.2.2", "Bearer the-good-token")).toBe(200);
    expect(fail("192.0.2.3", 1)).toEqual([401]);
  });

  it("one host has one /64", () => {
    for (let host = 0; host < 10; host++) fail(`2001:db8:1:2::${host}`, 1);
    expect(fail("2001:db8:1:2:3:4:5:6", 1)).toEqual([429]);
    expect(fail("2001:db8:1:3::1", 1)).toEqual([401]);
  });
});

describe("no failed login is", () => {
  it("a request without credentials", () => {
    for (let request = 0; request < 30; request++) expect(status("192.0.2.1")).toBe(401);
    expect(fail("192.0.2.1", 1)).toEqual([401]);
  });

  it("a request with too many credentials, which is refused as such", () => {
    for (let request = 0; request < 30; request++) expect(status("192.0.2.1", "Bearer x", { xApiKey: "y" })).toBe(400);
    expect(fail("192.0.2.1", 1)).toEqual([401]);
  });
});

it("of many addresses the newest are remembered", () => {
  fail("192.0.2.1", 10);
  for (let at = 0; at < 20_000; at++) fail(`10.0.${at >> 8}.${at & 255}`, 1);
  fail("192.0.2.2", 10);
  expect([...fail("192.0.2.1", 1), ...fail("192.0.2.2", 1)]).toEqual([401, 429]);
});

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:0DB8:0000:0001:2:3:4:5", "2001:db8:0:1::/64"],
  ["2001:db8:0:1::", "2001:db8:0:1::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["not:an:address", "not:an:address"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
