import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from "prom-client";
import { DURATION_BOUNDS, type Tally } from "../tallies.ts";

const LABELS = ["server", "tool", "transport", "outcome"] as const;
type Label = (typeof LABELS)[number] | "le";

export interface TallyHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly registers: [Registry];
  readonly tallies: () => readonly Tally[];
}

/** A histogram of what has been counted elsewhere, which is cheaper than an `observe` of the library for every call. */
export class TallyHistogram extends Histogram<Label> {
  readonly #options: TallyHistogramOptions;
  /** An empty one, for everything but the values. */
  readonly #empty: Histogram<Label>;

  constructor(options: TallyHistogramOptions) {
    const { name, help, registers } = options;
    const configuration = { name, help, labelNames: LABELS, buckets: [...DURATION_BOUNDS] };
    super({ ...configuration, registers });
    this.#empty = new Histogram({ ...configuration, registers: [] });
    this.#options = options;
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<Label>>> {
    const { tallies } = this.#options;
    return { ...(await this.#empty.get()), values: tallies().flatMap((tally) => this.#valuesOf(tally)) };
  }

  /** What the registry calls, in place of `get`, of a histogram. */
  getForPromString(): ReturnType<TallyHistogram["get"]> {
    return this.get();
  }

  #valuesOf({ server, tool, transport, outcome, ...tally }: Tally): MetricValueWithName<Label>[] {
    const { name } = this.#options;
    const labels = { server, tool, transport, outcome };
    let sum = 0;
    const buckets = DURATION_BOUNDS.map((le, index) => {
      sum += tally.durations[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: sum };
    });
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: tally.count },
      { metricName: `${name}_sum`, labels, value: tally.seconds },
      { metricName: `${name}_count`, labels, value: tally.count },
    ];
  }
}
