import { describe, expect, it } from "vitest";
import { keyPrefixOf, rateLimitSchema, redisUrlOf } from "../../../src/access/limits/config.ts";
import type { Charge, Counters } from "../../../src/access/limits/counters.ts";
import { Limiter } from "../../../src/access/limits/limiter.ts";
import { MemoryCounters } from "../../../src/access/limits/memory-counters.ts";
import { encoded, subjectOf } from "../../../src/access/limits/subject.ts";
import type { Submission } from "../../../src/protocol/admission.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";
import type { Frame } from "../../../src/protocol/frame.ts";
import type { Principal } from "../../../src/protocol/principal.ts";
import type { Quota } from "../../../src/protocol/quota.ts";

const ACME: Principal = { kind: "apiKey", id: "dev", tenant: "acme", client: "ci" };
const config = (given: object = {}) => rateLimitSchema.parse(given);

function request(method: string, name?: string): Frame {
  return { kind: "request", id: 1, method, params: name === undefined ? undefined : { name }, line: "" };
}

function submission(frames: readonly Frame[], principal = ACME, quotas: Quota[] = []): Submission {
  const reception = { requestId: "r", onQuota: (quota: Quota) => void quotas.push(quota) };
  const messages = { frames, isBatch: frames.length > 1 };
  return { principal, server: "git", sessionId: "s", transport: "streamable-http", messages, reception };
}

/** The charges of messages. */
function chargesOf(given: object, frames: readonly Frame[], principal = ACME): Charge[] {
  const seen: Charge[] = [];
  const counters: Counters = {
    take: (charges) => {
      seen.push(...charges);
      return { limit: 1, remaining: 1, resetMs: 1, isExceeded: false, rule: "" };
    },
    foresee: () => undefined,
  };
  void new Limiter(config(given), "mcp-gateway", counters).admit(submission(frames, principal));
  return seen;
}

const keysOf = (frames: readonly Frame[], given: object = {}): string[] =>
  chargesOf(given, frames).map(({ key, points, limit }) => `${key} ${points}/${limit}`);

describe("a key", () => {
  it("is <keyPrefix>:rate:<tenant>:<client>:<method>", () => {
    expect(keysOf([request("tools/call", "push")])).toEqual(["mcp-gateway:rate:acme:ci:tools/call 1/600"]);
  });

  it("tells callers apart whose tenants and clients hold separators, are missing, or are named like a principal", () => {
    const callers: Omit<Principal, "kind" | "id">[] = [
      { tenant: "a:b", client: "c" },
      { tenant: "a", client: "b:c" },
      { tenant: "a%3Ab", client: "c" },
      { tenant: "a" },
      { client: "a" },
      { client: "jwt=x" },
      { tenant: "", client: "basic=x" },
      {},
    ];
    const subjects = callers.map((caller) => subjectOf({ kind: "jwt", id: "x", ...caller }));
    expect(new Set(subjects).size).toBe(callers.length);
    expect(subjectOf({ kind: "bearer", id: "x" })).not.toBe(subjectOf({ kind: "basic", id: "x" }));
  });

  it("is short and printable whatever the names are", () => {
    for (const name of ["é".repeat(5_000), "\ud800", "a\r\nb", " ", "🙂", "x".repeat(129)])
      expect(encoded(name)).toMatch(/^[\w.%=*'()!~-]{1,128}$/);
    expect(encoded("x".repeat(200))).not.toBe(encoded("x".repeat(201)));
  });
});

describe("what is counted", () => {
  it("is every request but those that begin or keep up a conversation, and no notification or response", () => {
    const free: Frame[] = [
      request("initialize"),
      request("ping"),
      request("server/discover"),
      request("subscriptions/listen"),
      { kind: "notification", method: "notifications/initialized", params: undefined, line: "" },
      { kind: "response", id: 1, failed: false, line: "" },
    ];
    for (const frame of free) expect(keysOf([frame])).toEqual([]);
    expect(keysOf(free)).toEqual([]);
    expect(keysOf([...free, request("tools/list")])).toHaveLength(1);
  });

  it("has one key for all methods that are not MCP's", () => {
    const invented = Array.from({ length: 1_000 }, (_none, at) => request(`invented/${at}`));
    expect(keysOf(invented)).toEqual(["mcp-gateway:rate:acme:ci:* 1000/600"]);
    expect(keysOf([request("__proto__"), request("constructor"), request("")])).toHaveLength(1);
    expect(keysOf([request("x/y")], { byMethod: { "x/y": 7 } })).toEqual(["mcp-gateway:rate:acme:ci:x/y 1/7"]);
  });

  it("has a limit for each method, and in addition those of the tool's patterns", () => {
    const limits = { byMethod: { "tools/call": 120 }, byTool: { "git:push": 10, "search*": 30, "git:*": 50 } };
    const before = "mcp-gateway:rate:acme:ci:tools/call";
    expect(keysOf([request("tools/call", "status")], limits)).toEqual([`${before} 1/120`, `${before}:git%3A* 1/50`]);
    expect(keysOf([request("tools/call", "push")], limits)).toEqual([
      `${before} 1/120`,
      `${before}:git%3Apush 1/10`,
      `${before}:git%3A* 1/50`,
    ]);
    // A prompt of that name is no tool.
    expect(keysOf([request("prompts/get", "push")], limits)).toEqual(["mcp-gateway:rate:acme:ci:prompts/get 1/600"]);
  });

  it("has no key that a tool's name could make", () => {
    const limits = { byTool: { "*": 5 } };
    const calls = Array.from({ length: 10_000 }, (_none, at) => request("tools/call", `tool-${at}`));
    expect(keysOf(calls, limits)).toEqual([
      "mcp-gateway:rate:acme:ci:tools/call 10000/600",
      "mcp-gateway:rate:acme:ci:tools/call:* 10000/5",
    ]);
  });
});

describe("a limiter", () => {
  const limiterOf = (given: object): Limiter => new Limiter(config(given), "p", new MemoryCounters());

  it("tells how many are left, and refuses with how long to wait", () => {
    const limiter = limiterOf({ byMethod: { "tools/call": 2 } });
    const quotas: Quota[] = [];
    void limiter.admit(submission([request("tools/call", "x")], ACME, quotas));
    void limiter.admit(submission([request("tools/call", "x")], ACME, quotas));
    expect(quotas.map(({ limit, remaining }) => [limit, remaining])).toEqual([
      [2, 1],
      [2, 0],
    ]);
    const refusal = refusalOf(() => void limiter.admit(submission([request("tools/call", "x")])));
    expect([refusal.reason, refusal.status, refusal.rpcCode]).toEqual(["rate_limited", 429, 42900]);
    expect(refusal.details).toMatchObject({ data: { limit: 2 }, log: { rule: "rateLimit.byMethod.tools/call" } });
    expect(refusal.retryAfterMs).toBeGreaterThan(50_000);
    // Another client, another method, the same tenant.
    void limiter.admit(submission([request("tools/call", "x")], { ...ACME, client: "web" }));
    void limiter.admit(submission([request("tools/list")]));
    expect(refusalOf(() => limiter.foresee(submission([request("tools/call", "x")]))).reason).toBe("rate_limited");
  });

  it("takes a batch as a whole", () => {
    const limiter = limiterOf({ defaultRpm: 3 });
    const four = Array.from({ length: 4 }, () => request("tools/list"));
    expect(refusalOf(() => void limiter.admit(submission(four))).reason).toBe("rate_limited");
    void limiter.admit(submission(four.slice(1)));
    expect(refusalOf(() => void limiter.admit(submission([request("tools/list")]))).reason).toBe("rate_limited");
  });

  it.each([
    ["refuse", "limits_unavailable"],
    ["allow", undefined],
  ] as const)(
    "does as onError: %s says while its store is lost, fails, or answers too late",
    async (onError, reason) => {
      const limiter = new Limiter(config({ onError }), "p", new MemoryCounters());
      let suspected = 0;
      const store = { client: {}, isReady: true, suspect: () => void suspected++ };
      const failing: Counters = { take: () => Promise.reject(new Error("late")), foresee: () => undefined };
      limiter.countIn(failing, store);
      const call = submission([request("tools/call", "x")]);
      const asked = Promise.resolve(limiter.admit(call)).then(
        () => undefined,
        (error: unknown) => (error instanceof GatewayError ? error.reason : error),
      );
      expect(await asked).toBe(reason);
      expect(suspected).toBe(1);
      store.isReady = false;
      expect(reasonOf(() => void limiter.admit(call))).toBe(reason);
      expect(reasonOf(() => limiter.foresee(call))).toBe(reason);
      expect(reasonOf(() => void limiter.admit(submission([request("ping")])))).toBeUndefined();
    },
  );
});

describe("the settings", () => {
  it.each([
    [{}, {}, undefined],
    [{}, { REDIS_URL: "" }, undefined],
    [{}, { REDIS_URL: "redis://env" }, "redis://env"],
    [{ redis: "redis://file" }, { REDIS_URL: "redis://env" }, "redis://file"],
    [{ backend: "memory" }, { REDIS_URL: "redis://env" }, undefined],
    [{ enabled: false }, { REDIS_URL: "redis://env" }, undefined],
  ])("of %j and %j count in %s", (given, env, url) => {
    expect(redisUrlOf(config(given), env)).toBe(url);
  });

  it("take the prefix of keys from RATE_LIMIT_KEY_PREFIX first", () => {
    expect(keyPrefixOf(config({ keyPrefix: "a" }), { RATE_LIMIT_KEY_PREFIX: "b" })).toBe("b");
    expect(keyPrefixOf(config({ keyPrefix: "a" }), { RATE_LIMIT_KEY_PREFIX: "" })).toBe("a");
    expect(keyPrefixOf(config(), {})).toBe("mcp-gateway");
  });
});

function refusalOf(run: () => void): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
  }
  throw new Error("it was not refused");
}

function reasonOf(run: () => void): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof GatewayError ? error.reason : "another error";
  }
  return undefined;
}
