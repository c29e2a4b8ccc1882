import { LRUCache } from "lru-cache";

/** A schema whose check took too long is not tried again for so long. */
const LEFT_ALONE_MS = 10 * 60_000;
const MAX_SCHEMAS = 1_000;

/** The schemas, by their hashes, whose checks were over the limits a short while ago. Of too many the ones that were over last. */
export class LeftAlone {
  readonly #schemas = new LRUCache<string, true>({ max: MAX_SCHEMAS, ttl: LEFT_ALONE_MS, perf: performance });

  add(name: string): void {
    this.#schemas.set(name, true);
  }

  has(name: string): boolean {
    return this.#schemas.has(name);
  }
}
