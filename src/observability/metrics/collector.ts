import { Registry } from "prom-client";
import type { GatewayEvent } from "../../protocol/events.ts";
import type { Sources } from "../sources.ts";
import type { EventType } from "./metric.ts";
import { metrics } from "./registry.ts";

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** All metrics of one gateway. */
export class Collector {
  readonly #registry = new Registry();
  readonly #listeners = new Map<EventType, ((event: GatewayEvent) => void)[]>();
  #reading: Promise<string> | undefined;

  constructor(sources: Sources) {
    for (const { hears, create } of metrics) {
      const listener = create({ sources, registers: [this.#registry] });
      for (const type of hears) this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    }
  }

  hear(event: GatewayEvent): void {
    const listeners = this.#listeners.get(event.type);
    if (listeners !== undefined) for (const listener of listeners) listener(event);
  }

  /** Scrapes at the same time share one reading. */
  async read(): Promise<Exposition> {
    this.#reading ??= this.#registry.metrics().finally(() => (this.#reading = undefined));
    return { contentType: this.#registry.contentType, text: await this.#reading };
  }
}
