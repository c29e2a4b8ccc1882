import { methods } from "../../protocol/methods.ts";
import { DURATION_BOUNDS, type Tally } from "../tallies.ts";
import { percentile } from "./percentile.ts";

/** One server in one interval. */
export interface ServerPoint {
  readonly callsPerSecond: number;
  /** Milliseconds; undefined when nothing was called. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly processes: number;
  readonly residentBytes: number;
}

/** What was called until a moment: how often, and by duration. The last number counts what took longer than every bound. */
interface CallCount {
  readonly count: number;
  readonly durations: readonly number[];
}

/** The points of one server, in arrays of a fixed length of which the oldest point is overwritten. */
export class Series {
  readonly #length: number;
  readonly #rates: Float32Array;
  readonly #p50: Float32Array;
  readonly #p95: Float32Array;
  readonly #processes: Uint32Array;
  readonly #bytes: Float64Array;
  #before: CallCount = { count: 0, durations: [] };

  constructor(length: number) {
    this.#length = length;
    this.#rates = new Float32Array(length);
    this.#p50 = new Float32Array(length);
    this.#p95 = new Float32Array(length);
    this.#processes = new Uint32Array(length);
    this.#bytes = new Float64Array(length);
  }

  /** Calls per second since the last point, which was `ms` ago. */
  rateNow(tallies: readonly Tally[], ms: number): number {
    return ms <= 0 ? 0 : ((callsOf(tallies).count - this.#before.count) * 1_000) / ms;
  }

  add(at: number, tallies: readonly Tally[], ms: number, use: Pick<ServerPoint, "processes" | "residentBytes">): void {
    const index = at % this.#length;
    const now = callsOf(tallies);
    const { count, durations } = this.#before;
    const counts = now.durations.map((sum, bound) => sum - (durations[bound] ?? 0));
    this.#rates[index] = ms <= 0 ? 0 : ((now.count - count) * 1_000) / ms;
    this.#p50[index] = percentile(counts, 0.5) ?? Number.NaN;
    this.#p95[index] = percentile(counts, 0.95) ?? Number.NaN;
    this.#processes[index] = use.processes;
    this.#bytes[index] = use.residentBytes;
    this.#before = now;
  }

  point(at: number): ServerPoint {
    const index = at % this.#length;
    return {
      callsPerSecond: this.#rates[index] ?? 0,
      p50: known(this.#p50[index]),
      p95: known(this.#p95[index]),
      processes: this.#processes[index] ?? 0,
      residentBytes: this.#bytes[index] ?? 0,
    };
  }
}

function callsOf(tallies: readonly Tally[]): CallCount {
  let count = 0;
  const durations: number[] = Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0);
  for (const tally of tallies) {
    if (tally.method !== methods.callTool) continue;
    count += tally.count;
    let within = 0;
    for (const [index, more] of tally.durations.entries()) {
      durations[index] = (durations[index] ?? 0) + more;
      within += more;
    }
    durations[DURATION_BOUNDS.length] = (durations[DURATION_BOUNDS.length] ?? 0) + tally.count - within;
  }
  return { count, durations };
}

const known = (value: number | undefined): number | undefined => (Number.isNaN(value) ? undefined : value);
