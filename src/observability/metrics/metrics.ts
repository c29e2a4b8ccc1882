import type { GatewayEvent } from "../../protocol/events.ts";
import type { Sources } from "../sources.ts";
import type { Collector, Exposition } from "./collector.ts";

/** Events before the library is loaded, which takes milliseconds. */
const MAX_EARLY = 10_000;

/** The metrics of a gateway. Their library is loaded when the gateway starts, so that those who want none do not pay for it. */
export class Metrics {
  readonly #sources: Sources;
  #early: GatewayEvent[] = [];
  #collector: Collector | undefined;
  #loading: Promise<Collector> | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  hear(event: GatewayEvent): void {
    if (this.#collector !== undefined) this.#collector.hear(event);
    else if (this.#early.length < MAX_EARLY) this.#early.push(event);
  }

  async read(): Promise<Exposition> {
    return (await this.load()).read();
  }

  load(): Promise<Collector> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Collector> {
    try {
      const { Collector: Loaded } = await import("./collector.ts");
      const collector = new Loaded(this.#sources);
      for (const event of this.#early.splice(0)) collector.hear(event);
      this.#collector = collector;
      return collector;
    } catch (cause) {
      // A failed load may be retried.
      this.#loading = undefined;
      throw cause;
    }
  }
}
