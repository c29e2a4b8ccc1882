import { GatewayError } from "../protocol/errors.ts";

export interface Rendering {
  /** What it takes in memory, about. */
  readonly bytes: number;
}

export interface RenderingLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Whether the first rendering of a key costs its askers nothing: only where strangers cannot think up keys. */
  readonly isFirstFree: boolean;
}

/** Of one CPU second, what may go into renderings that a stranger can ask for again and again; and how much of it may gather. */
const MS_PER_SECOND = 100;
const MOST_MS = 3_000;

/**
 * Things that take long to render, each made once for the sources that it shows and kept while there is room. Rendering is never
 * interrupted, so those who ask at the same time get the same one. What has to be rendered beyond that (what was dropped for
 * lack of room, keys that a stranger thought up) draws on an allowance of time, so that nobody can keep the gateway busy with it.
 */
export class Renderings<T extends Rendering> {
  readonly #limits: RenderingLimits;
  /** The one that was asked for longest ago comes first. */
  readonly #kept = new Map<string, KeptRendering<T>>();
  #bytes = 0;
  #allowanceMs = MOST_MS;
  #countedAt = performance.now();

  constructor(limits: RenderingLimits) {
    this.#limits = limits;
  }

  /** `sources` are compared by identity. */
  take(key: string, sources: readonly object[], render: () => T): T {
    const kept = this.#kept.get(key);
    const isSame = kept !== undefined && isMadeOf(kept, sources);
    if (kept !== undefined) this.#kept.delete(key);
    if (isSame && kept.made !== undefined) {
      this.#kept.set(key, kept);
      return kept.made;
    }
    this.#bytes -= kept?.made?.bytes ?? 0;
    const made = this.#limits.isFirstFree && !isSame ? render() : this.#renderOnAllowance(render);
    this.#kept.set(key, { made, sources: sources.map((source) => new WeakRef(source)) });
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
    for (const [key, { made, sources }] of this.#kept) {
      if (this.#kept.size > entries) this.#kept.delete(key);
      // That it was rendered once is remembered.
      else if (this.#bytes > bytes) this.#kept.set(key, { made: undefined, sources });
      else return;
      this.#bytes -= made?.bytes ?? 0;
    }
  }
}

interface KeptRendering<T> {
  readonly made: T | undefined;
  /** Nothing is kept alive only because it was shown once. */
  readonly sources: readonly WeakRef<object>[];
}

function isMadeOf({ sources }: KeptRendering<unknown>, others: readonly object[]): boolean {
  return sources.length === others.length && sources.every((source, at) => source.deref() === others[at]);
}
