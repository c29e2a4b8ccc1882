import type { Emit } from "../../protocol/events.ts";
import type { ProcessUsage, ServerProcessFacts } from "../../protocol/upstream.ts";
import type { Tally } from "../tallies.ts";
import { Series, type ServerPoint } from "./series.ts";

export const HISTORY_STEP_MS = 10_000;
/** An hour. */
const LENGTH = 360;

export interface HistoryPoint {
  /** In ms since 1970. */
  readonly at: number;
  /** Of the gateway's own process. */
  readonly residentBytes: number;
  /** By name. */
  readonly servers: Readonly<Record<string, ServerPoint>>;
}

export interface HistoryOptions {
  readonly servers: () => readonly string[];
  readonly tallies: () => readonly Tally[];
  readonly processes: () => readonly Pick<ServerProcessFacts, "pid" | "server">[];
  readonly usage: () => Promise<ProcessUsage>;
  readonly emit: Emit;
}

/** The last hour of every server, one point every ten seconds. Takes the same memory however much happens. */
export class History {
  readonly #options: HistoryOptions;
  readonly #times = new Float64Array(LENGTH);
  readonly #bytes = new Float64Array(LENGTH);
  readonly #series = new Map<string, Series>();
  readonly #listeners = new Set<() => void>();
  #next = 0;
  #sampledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#sampleInTime(), HISTORY_STEP_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Oldest first; only with the servers that `sees` names. */
  points(sees: (server: string) => boolean): HistoryPoint[] {
    const points: HistoryPoint[] = [];
    for (let at = Math.max(0, this.#next - LENGTH); at < this.#next; at++) points.push(this.#point(at, sees));
    return points;
  }

  latest(sees: (server: string) => boolean): HistoryPoint | undefined {
    return this.#next === 0 ? undefined : this.#point(this.#next - 1, sees);
  }

  /** Calls per second of a server as of now: since the last point, or in the step before it when that is only just over. */
  rateOf(server: string): number {
    const series = this.#seriesOf(server);
    const ms = performance.now() - this.#sampledAt;
    if (ms < JUST_OVER_MS) return series.point(Math.max(0, this.#next - 1)).callsPerSecond;
    return series.rateNow(this.#talliesOf(server), ms);
  }

  /** Calls `listener` after every new point; returns what stops it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async sample(): Promise<void> {
    const { servers, processes, usage } = this.#options;
    const { bytes } = await usage();
    const now = performance.now();
    const ms = now - this.#sampledAt;
    this.#sampledAt = now;
    const running = processes();
    for (const server of servers()) {
      const own = running.filter((process) => process.server === server);
      const residentBytes = own.reduce((sum, { pid }) => sum + (bytes.get(pid) ?? 0), 0);
      this.#seriesOf(server).add(this.#next, this.#talliesOf(server), ms, { processes: own.length, residentBytes });
    }
    this.#times[this.#next % LENGTH] = Date.now();
    this.#bytes[this.#next % LENGTH] = process.memoryUsage.rss();
    this.#next++;
    for (const listener of this.#listeners) listener();
  }

  async #sampleInTime(): Promise<void> {
    try {
      await this.sample();
    } catch (cause) {
      this.#options.emit({ type: "trouble", what: "the history could not be continued", cause });
    }
  }

  #point(at: number, sees: (server: string) => boolean): HistoryPoint {
    const visible = [...this.#series].filter(([server]) => sees(server));
    return {
      at: this.#times[at % LENGTH] ?? 0,
      residentBytes: this.#bytes[at % LENGTH] ?? 0,
      servers: Object.fromEntries(visible.map(([server, series]) => [server, series.point(at)])),
    };
  }

  #talliesOf(name: string): Tally[] {
    return this.#options.tallies().filter(({ server }) => server === name);
  }

  #seriesOf(server: string): Series {
    const known = this.#series.get(server);
    if (known !== undefined) return known;
    const series = new Series(LENGTH);
    this.#series.set(server, series);
    return series;
  }
}

const JUST_OVER_MS = 2_000;
