import { Counter, Gauge, type CounterConfiguration, type GaugeConfiguration, type Registry } from "prom-client";
import type { GatewayEvent } from "../../protocol/events.ts";
import type { Sources } from "../sources.ts";

export interface MetricContext {
  readonly registers: [Registry];
  /** What can be asked about the present. */
  readonly sources: Sources;
}

export type EventType = GatewayEvent["type"];
export type EventOf<T extends EventType> = Extract<GatewayEvent, { type: T }>;

/** One or several metrics with the same sources. */
export interface Metric {
  readonly hears: readonly EventType[];
  /** Registers them; the returned function is called with every event of the types in `hears`. */
  readonly create: (context: MetricContext) => (event: GatewayEvent) => void;
}

/** A metric that counts events. */
export function countingMetric<T extends EventType>(
  hears: readonly T[],
  create: (context: MetricContext) => (event: EventOf<T>) => void,
): Metric {
  const isHeard = (event: GatewayEvent): event is EventOf<T> => hears.some((type) => type === event.type);
  return {
    hears,
    create: (context) => {
      const hear = create(context);
      return (event) => {
        if (isHeard(event)) hear(event);
      };
    },
  };
}

/** A metric that is read from the sources at the time of a scrape. */
export function readMetric(create: (context: MetricContext) => unknown): Metric {
  return {
    hears: [],
    create: (context) => {
      create(context);
      return () => undefined;
    },
  };
}

/** A gauge with a `collect` of its own, of which nothing else is needed. */
export function registerGauge<T extends string>(options: GaugeConfiguration<T>): Gauge<T> {
  return new Gauge(options);
}

export function registerCounter<T extends string>(options: CounterConfiguration<T>): Counter<T> {
  return new Counter(options);
}
