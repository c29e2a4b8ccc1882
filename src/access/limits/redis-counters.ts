import type { RateLimiterRedis } from "rate-limiter-flexible";
import { QUOTA_WINDOW_S } from "../../protocol/quota.ts";
import type { SharedStore } from "../../protocol/shared-store.ts";
import { tighter, type Charge, type Count, type Counters } from "./counters.ts";

/**
 * Counts like `MemoryCounters`: a refused request is not counted. rate-limiter-flexible's own script counts it, and a batch that is
 * refused would take what single requests could still use. Nothing is given back to a window that is over. ARGV: points, window in
 * seconds, limit.
 */
const SCRIPT = `
local count = tonumber(redis.call('get', KEYS[1]) or '0')
local ttl = redis.call('pttl', KEYS[1])
if ttl == -2 and tonumber(ARGV[1]) < 0 then return {0, 0} end
if count + ARGV[1] > tonumber(ARGV[3]) and (count == 0 or ttl > 0) then
  if ttl < 0 then ttl = 1000 * ARGV[2] end
  return {count + ARGV[1], ttl}
end
count = redis.call('incrby', KEYS[1], ARGV[1])
if ttl < 0 then
  redis.call('expire', KEYS[1], ARGV[2])
  ttl = 1000 * ARGV[2]
end
return {count, ttl}`;

const MAX_FULL = 10_000;

type Limiter = Pick<RateLimiterRedis, "consume" | "reward">;

/** Counts in Redis, for all gateways that use it. Rejects when Redis does not answer. */
export class RedisCounters implements Counters {
  readonly #limiterFor: (limit: number) => Limiter;
  /** One for each limit of the config. */
  readonly #limiters = new Map<number, Limiter>();
  /** Keys whose windows are full, and until when (`performance.now()`): Redis need not be asked about them. */
  readonly #full = new Map<string, number>();

  constructor(limiterFor: (limit: number) => Limiter) {
    this.#limiterFor = limiterFor;
  }

  foresee(charges: readonly Charge[]): Count | undefined {
    for (const { key, limit, rule } of charges) {
      const resetMs = (this.#full.get(key) ?? 0) - performance.now();
      if (resetMs > 0) return { limit, rule, resetMs, remaining: 0, isExceeded: true };
      this.#full.delete(key);
    }
    return undefined;
  }

  async take(charges: readonly Charge[]): Promise<Count> {
    const known = this.foresee(charges);
    if (known !== undefined) return known;
    const taken = await Promise.allSettled(charges.map((charge) => this.#consume(charge)));
    let worst: Count | undefined;
    const failures: unknown[] = [];
    for (const result of taken) {
      if (result.status === "rejected") failures.push(result.reason);
      else worst = tighter(worst, result.value);
    }
    if (worst !== undefined && failures.length === 0 && !worst.isExceeded) return worst;
    const charged = charges.filter((_charge, at) => wasCounted(taken[at]));
    await Promise.allSettled(charged.map(({ key, points, limit }) => this.#limiter(limit).reward(key, points)));
    if (worst?.isExceeded === true) return worst;
    throw failures[0] ?? new Error("nothing was counted");
  }

  async #consume({ key, points, limit, rule }: Charge): Promise<Count> {
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter(limit).consume(key, points);
      return { limit, remaining: remainingPoints, resetMs: msBeforeNext, isExceeded: false, rule };
    } catch (refusal) {
      if (refusal instanceof Error || !isRefusal(refusal)) throw refusal;
      const remaining = Math.max(0, limit - (refusal.consumedPoints - points));
      if (remaining === 0) this.#remember(key, refusal.msBeforeNext);
      return { limit, remaining, resetMs: refusal.msBeforeNext, isExceeded: true, rule };
    }
  }

  #remember(key: string, ms: number): void {
    this.#full.set(key, performance.now() + ms);
    const [oldest] = this.#full.keys();
    if (this.#full.size > MAX_FULL && oldest !== undefined) this.#full.delete(oldest);
  }

  #limiter(limit: number): Limiter {
    const known = this.#limiters.get(limit);
    if (known !== undefined) return known;
    const limiter = this.#limiterFor(limit);
    this.#limiters.set(limit, limiter);
    return limiter;
  }
}

/** Loads rate-limiter-flexible, which only this needs. */
export async function redisCounters(store: SharedStore): Promise<RedisCounters> {
  // The default export: of a CommonJS package, a bundle has no other.
  const { default: limiters } = await import("rate-limiter-flexible");
  return new RedisCounters(
    (points) =>
      new limiters.RateLimiterRedis({
        storeClient: store.client,
        points,
        duration: QUOTA_WINDOW_S,
        // The keys are complete.
        keyPrefix: "",
        rejectIfRedisNotReady: true,
        customIncrTtlLuaScript: SCRIPT,
      }),
  );
}

const wasCounted = (result: PromiseSettledResult<Count> | undefined): boolean =>
  result?.status === "fulfilled" && !result.value.isExceeded;

interface Refusal {
  readonly consumedPoints: number;
  readonly msBeforeNext: number;
}

const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "consumedPoints" in value && "msBeforeNext" in value;
