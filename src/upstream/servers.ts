import { hash } from "node:crypto";
import { z } from "zod";
import { durationMs } from "../lib/units.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Connect, ProcessUsage, ServerProcessFacts, ServerSettings } from "../protocol/upstream.ts";
import { entrySchema } from "./entry-config.ts";
import type { Circuit, Connector, ConnectorFactory, UpstreamContext, UpstreamKind } from "./kind.ts";
import { UsageReader } from "./process-usage.ts";

interface Settings extends ServerSettings {
  /** REST calls of one session run one after the other. */
  readonly serial: boolean;
  /** The gateway is not ready without it. */
  readonly isRequired: boolean;
}

/** One configured server, ready to connect to. */
export interface Server extends Connector {
  readonly name: string;
  readonly kind: string;
  readonly settings: Settings;
}

export interface ServersOptions {
  readonly kinds: readonly UpstreamKind[];
  /** `servers:`, validated by the schema. */
  readonly entries: Readonly<Record<string, unknown>>;
  /** The whole `limits:` block; each kind parses its own keys. */
  readonly limits: unknown;
  readonly context: UpstreamContext;
}

/** The type of an entry that does not name one. */
const DEFAULT_TYPE = "stdio";
const anyEntry = z.looseObject({ ...entrySchema, type: z.string().optional() });

/** The table of configured servers. */
export class Servers {
  readonly #byName: ReadonlyMap<string, Server>;
  readonly #factories: readonly ConnectorFactory<unknown>[];
  readonly #usage = new UsageReader(() => this.processes());

  constructor({ kinds, entries, limits, context }: ServersOptions) {
    const factories = new Map(kinds.map((kind) => [kind.type, kind.create(limits, context)]));
    const server = ([name, entry]: [string, unknown]): [string, Server] => {
      const { timeout, serial, stateful, required, era, isolation, ...config } = anyEntry.parse(entry);
      const kind = config.type ?? DEFAULT_TYPE;
      const factory = factories.get(kind);
      if (factory === undefined) throw new Error(`no upstream kind for server "${name}"`);
      const connector = factory.connector(name, config);
      const settings: Settings = {
        timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
        serial,
        isRequired: required,
        isStateful: stateful,
        isolation,
        era,
        fingerprint: hash("sha256", JSON.stringify(entry), "base64url"),
        callerKey: connector.callerKey,
      };
      return [name, { ...connector, name, kind, settings }];
    };
    this.#factories = [...factories.values()];
    this.#byName = new Map(Object.entries(entries).map(server));
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** The headers of callers' requests that some server uses, in lower case. */
  get callerHeaders(): readonly string[] {
    return [...new Set(this.all.flatMap(({ callerHeaders = [] }) => callerHeaders))];
  }

  get all(): readonly Server[] {
    return [...this.#byName.values()];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Throws `server_not_found`. */
  get(name: string): Server {
    const server = this.#byName.get(name);
    if (server === undefined) throw new GatewayError("server_not_found", "No such server.");
    return server;
  }

  readonly connect: Connect = (destination, listener) => this.get(destination.server).connect(destination, listener);

  /** Starts pre-warming. */
  open(): void {
    for (const server of this.#byName.values()) server.open();
  }

  /** Ends the warm processes; connected ones belong to their sessions. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((server) => server.close()));
  }

  processes(): ServerProcessFacts[] {
    return this.#factories.flatMap((factory) => factory.processes?.() ?? []);
  }

  /** What the processes use, as of now. */
  usage(): Promise<ProcessUsage> {
    return this.#usage.read();
  }

  /** What each entry is, and whether its sessions are refused. */
  facts(): { name: string; kind: string; required: boolean; circuit: Circuit | undefined }[] {
    return this.all.map(({ name, kind, settings, circuit }) => {
      return { name, kind, required: settings.isRequired, circuit: circuit?.() };
    });
  }

  /** Releases shared state: after `close` and after the last session has ended. */
  end(): void {
    for (const factory of this.#factories) factory.close();
  }
}
