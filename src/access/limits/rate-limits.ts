import type { SharedStore } from "../../protocol/shared-store.ts";
import { keyPrefixOf, redisUrlOf, type RateLimitConfig, type RateLimitEnvironment } from "./config.ts";
import type { Counters } from "./counters.ts";
import { Limiter } from "./limiter.ts";
import { MemoryCounters } from "./memory-counters.ts";
import { redisCounters } from "./redis-counters.ts";

/** A store that is connected, until it is closed. */
export interface OpenStore extends SharedStore {
  close(): void;
}

/** What is wrong with a part, and whether calls are refused because of it. */
export interface Impairment {
  readonly reason: string;
  readonly refuses: boolean;
}

/** Rejects with the reason when the store cannot be reached. */
export type ConnectStore = (url: string) => Promise<OpenStore>;

/** The rate limits of a gateway: in its memory, or in a Redis that it is connected to at the start. */
export class RateLimits {
  readonly limiter: Limiter;
  readonly #config: RateLimitConfig;
  readonly #url: string | undefined;
  readonly #connect: ConnectStore;
  #store: OpenStore | undefined;

  constructor(config: RateLimitConfig, env: RateLimitEnvironment, connect: ConnectStore) {
    this.#config = config;
    this.#url = redisUrlOf(config, env);
    this.#connect = connect;
    this.limiter = new Limiter(config, keyPrefixOf(config, env), new MemoryCounters());
  }

  /** Where requests are counted, for the operator. */
  get place(): string {
    return this.#url === undefined ? "in memory" : `in Redis at ${placeOf(this.#url)}`;
  }

  /** Rejects when the Redis to count in is not known or cannot be reached: it is never replaced by memory. */
  async start(): Promise<void> {
    if (this.#url === undefined) {
      if (this.#config.backend !== "redis") return;
      throw new Error("rateLimit.backend is redis, but neither rateLimit.redis nor REDIS_URL says where it is");
    }
    const store = await this.#reach(this.#url);
    this.#store = store;
    const counters: Counters = await redisCounters(store);
    this.limiter.countIn(counters, store);
  }

  /** What is wrong, for the report on readiness. */
  get impairment(): Impairment | undefined {
    if (this.#store === undefined || this.#store.isReady) return undefined;
    return { reason: "rate limits: Redis cannot be reached", refuses: this.#config.onError === "refuse" };
  }

  close(): void {
    this.#store?.close();
  }

  async #reach(url: string): Promise<OpenStore> {
    try {
      return await this.#connect(url);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Redis at ${placeOf(url)}, which counts for rateLimit, cannot be reached: ${reason}`, { cause });
    }
  }
}

/** Without the password. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "its URL";
}
