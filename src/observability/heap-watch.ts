import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { HealthCheck } from "./health.ts";

const LIMIT = 0.85;
const COLLECT_MS = 30_000;

export interface Heap {
  /** The used part of the heap, from 0 to 1; garbage counts as used. */
  readonly used: () => number;
  /** Collects the garbage, which takes up to seconds. */
  readonly collect: () => void;
}

const ownHeap: Heap = {
  used: () => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    return used / limit;
  },
  collect: () => {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    if (typeof collect === "function") collect();
  },
};

/**
 * Reports a heap that is nearly full, so that no new work arrives before it is. Without new work nothing would collect the
 * garbage, and the report would stay for ever: while it is full it is collected here, at most every 30 s.
 */
export class HeapWatch {
  readonly #heap: Heap;
  #collectedAt = Number.NEGATIVE_INFINITY;

  constructor(heap = ownHeap) {
    this.#heap = heap;
  }

  check(now = performance.now()): ReturnType<HealthCheck> {
    const { used, collect } = this.#heap;
    if (used() >= LIMIT && now - this.#collectedAt >= COLLECT_MS) {
      this.#collectedAt = now;
      collect();
    }
    return used() >= LIMIT ? { reason: "the memory of the gateway is nearly full", refuses: true } : undefined;
  }
}
