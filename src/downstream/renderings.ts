import { GatewayError } from "../protocol/errors.ts";

export interface Rendering {
  /** Approximate memory use. */
  readonly bytes: number;
}

export interface RenderingLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Whether the first rendering of a key is free of charge: only where callers cannot invent keys. */
  readonly isFirstFree: boolean;
}

/** The CPU time per second that repeated renderings may use, and how much unused time accumulates. */
const MS_PER_SECOND = 100;
const MOST_MS = 3_000;

/**
 * A cache of expensive renderings, each made once for the sources it shows. Rendering is synchronous, so concurrent requests
 * share the result. Rendering beyond that (evicted entries, keys invented by a caller) is charged to a CPU time allowance, so
 * that no caller can keep the gateway busy with it.
 */
export class Renderings<T extends Rendering> {
  readonly #limits: RenderingLimits;
  /** Least recently used first. */
  readonly #cache = new Map<string, CachedRendering<T>>();
  #bytes = 0;
  #allowanceMs = MOST_MS;
  #countedAt = performance.now();

  constructor(limits: RenderingLimits) {
    this.#limits = limits;
  }

  /** `sources` are compared by identity. */
  take(key: string, sources: readonly object[], render: () => T): T {
    const cached = this.#cache.get(key);
    const isSame = cached !== undefined && hasSources(cached, sources);
    if (cached !== undefined) this.#cache.delete(key);
    if (isSame && cached.made !== undefined) {
      this.#cache.set(key, cached);
      return cached.made;
    }
    this.#bytes -= cached?.made?.bytes ?? 0;
    const made = this.#limits.isFirstFree && !isSame ? render() : this.#renderOnAllowance(render);
    this.#cache.set(key, { made, sources: sources.map((source) => new WeakRef(source)) });
    this.#bytes += made.bytes;
    this.#makeRoom();
    return made;
  }

  #renderOnAllowance(render: () => T): T {
    const startedAt = performance.now();
    this.#allowanceMs = Math.min(MOST_MS, this.#allowanceMs + ((startedAt - this.#countedAt) / 1_000) * MS_PER_SECOND);
    this.#countedAt = startedAt;
    if (this.#allowanceMs <= 0) {
      const retryAfterMs = (-this.#allowanceMs / MS_PER_SECOND) * 1_000 + 1_000;
      throw new GatewayError("queue_full", "Too many large documents were requested; try again later.", {
        retryAfterMs,
      });
    }
    try {
      return render();
    } finally {
      this.#allowanceMs -= performance.now() - startedAt;
    }
  }

  #makeRoom(): void {
    const { entries, bytes } = this.#limits;
    for (const [key, { made, sources }] of this.#cache) {
      if (this.#cache.size > entries) this.#cache.delete(key);
      // Keeps the entry, to remember that this key was rendered once.
      else if (this.#bytes > bytes) this.#cache.set(key, { made: undefined, sources });
      else return;
      this.#bytes -= made?.bytes ?? 0;
    }
  }
}

interface CachedRendering<T> {
  readonly made: T | undefined;
  /** Weak, so that the cache does not keep the sources alive. */
  readonly sources: readonly WeakRef<object>[];
}

function hasSources({ sources }: CachedRendering<unknown>, others: readonly object[]): boolean {
  return sources.length === others.length && sources.every((source, at) => source.deref() === others[at]);
}
