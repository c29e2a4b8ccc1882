import { Sampler } from "../../lib/sampler.ts";

const PER_SECOND = 20;
const MAX_CALLERS = 1_000;

/** Bounds what refusals cost: so many lines a second for each caller, and all unknown callers together are one. */
export class RefusalQuota {
  /** The one that was refused longest ago comes first. */
  readonly #byCaller = new Map<string, Sampler>();

  get size(): number {
    return this.#byCaller.size;
  }

  /** How many refusals were left out since the last one that is written; undefined when this one is left out. */
  take(caller: string): number | undefined {
    const sampler = this.#byCaller.get(caller) ?? new Sampler(PER_SECOND);
    this.#byCaller.delete(caller);
    this.#byCaller.set(caller, sampler);
    const [oldest] = this.#byCaller.keys();
    if (this.#byCaller.size > MAX_CALLERS && oldest !== undefined) this.#byCaller.delete(oldest);
    return sampler.take();
  }
}

/** Tells of lines like this one that were left out before it. */
export const leftOutMember = (leftOut: number): string => (leftOut === 0 ? "" : `,"leftOut":${leftOut}`);
