import { LRUCache } from "lru-cache";

/** How long a schema whose check exceeded its limits is not checked again. */
const RETRY_MS = 10 * 60_000;
const MAX_SCHEMAS = 1_000;

/** The hashes of schemas whose checks recently exceeded their limits; the most recent ones when there are too many. */
export class OverLimitSchemas {
  readonly #schemas = new LRUCache<string, true>({ max: MAX_SCHEMAS, ttl: RETRY_MS, perf: performance });

  add(name: string): void {
    this.#schemas.set(name, true);
  }

  has(name: string): boolean {
    return this.#schemas.has(name);
  }
}
