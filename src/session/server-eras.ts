import type { Era, ServerEra } from "../protocol/eras/modern.ts";
import type { Emit } from "../protocol/events.ts";
import type { Connect, ServerSettings } from "../protocol/upstream.ts";
import { probeEra, type EraFacts } from "./era-probe.ts";

export interface ServerErasOptions {
  readonly connect: Connect;
  readonly settingsOf: (server: string) => ServerSettings;
  /** The gateway's version, for `clientInfo`. */
  readonly clientVersion: string;
  readonly emit: Emit;
}

/** A server that said nothing when it was probed, or could not be started, is not probed again for this long. */
const SILENCE_MS = 60_000;

/** What each configured server speaks: what its entry says, else what its processes have shown. */
export class ServerEras {
  readonly #options: ServerErasOptions;
  readonly #facts = new Map<string, EraFacts>();
  readonly #probes = new Map<string, Promise<ServerEra>>();
  readonly #silentSince = new Map<string, number>();

  constructor(options: ServerErasOptions) {
    this.#options = options;
  }

  /** Whether the server speaks this era, if that is known. */
  speaks(server: string, era: Era): boolean | undefined {
    const { era: setting } = this.#options.settingsOf(server);
    return setting === "auto" ? this.#facts.get(server)?.[era] : setting === era;
  }

  /** The eras of a server as far as they are known; asks nothing. */
  known(server: string): ServerEra | undefined {
    const modern = this.speaks(server, "modern");
    if (modern !== undefined) return this.#known(server, modern);
    return this.speaks(server, "legacy") === true ? "legacy" : undefined;
  }

  /** Whether its entry says so. */
  isSetTo(server: string, era: Era): boolean {
    return this.#options.settingsOf(server).era === era;
  }

  /** What was known is out of date. */
  forget(server: string): void {
    this.#facts.delete(server);
  }

  /** A process of the server has shown that it speaks an era, or that it does not. Replaces what was known. */
  learn(server: string, facts: EraFacts): void {
    const before = this.#facts.get(server);
    const { legacy = before?.legacy, modern = before?.modern } = facts;
    if (legacy === before?.legacy && modern === before?.modern) return;
    this.#facts.set(server, { legacy, modern });
    if (legacy === false && modern === true) this.#options.emit({ type: "modern-only", server });
  }

  /** The eras of a server, for a modern client: asked of a process of its own when unknown; `legacy` if that says nothing. */
  of(server: string): Promise<ServerEra> {
    const modern = this.speaks(server, "modern");
    if (modern !== undefined) return Promise.resolve(this.#known(server, modern));
    const probe = this.#probes.get(server);
    if (probe !== undefined) return probe;
    const silentSince = this.#silentSince.get(server);
    if (silentSince !== undefined && performance.now() - silentSince < SILENCE_MS) return Promise.resolve("legacy");
    const started = this.#probe(server).finally(() => this.#probes.delete(server));
    this.#probes.set(server, started);
    return started;
  }

  async #probe(server: string): Promise<ServerEra> {
    const { connect, clientVersion, emit } = this.#options;
    const clientInfo = { name: "mcp-gateway", version: clientVersion };
    const { isAway = false, ...facts } = await probeEra({ connect, server, clientInfo, emit });
    this.learn(server, facts);
    if (facts.modern === undefined && !isAway) this.#silentSince.set(server, performance.now());
    else this.#silentSince.delete(server);
    return this.#known(server, facts.modern ?? false);
  }

  #known(server: string, modern: boolean): ServerEra {
    if (!modern) return "legacy";
    return this.speaks(server, "legacy") === true ? "both" : "modern";
  }
}
