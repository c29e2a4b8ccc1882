import { hash } from "node:crypto";
import type { Admission } from "../protocol/admission.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { Emit } from "../protocol/events.ts";
import type { Policy } from "../protocol/policy.ts";
import type { Principal } from "../protocol/principal.ts";
import type { Screen } from "../protocol/screen.ts";
import type { ProcessRoom } from "../protocol/session.ts";
import type { ToolCatalog } from "../protocol/tool.ts";
import type { CallerHeaders, Connect, ServerSettings } from "../protocol/upstream.ts";
import { aggregateAdmission } from "./aggregate-admission.ts";
import { AggregateCatalog } from "./aggregate-catalog.ts";
import { AggregatePolicy } from "./aggregate-policy.ts";
import { AggregateScreen } from "./aggregate-screen.ts";
import { AggregateUpstream } from "./aggregate-upstream.ts";
import { Aggregate } from "./aggregate.ts";
import type { AggregateConfig, GroupConfig } from "./config.ts";
import type { LinkTimes } from "./link-errors.ts";
import { Naming } from "./naming.ts";
import { Routes } from "./routes.ts";
import { EVERYTHING, selectionOf } from "./selection.ts";

/** The endpoint in front of all servers, where servers have a name. No server can have this one. */
export const ROOT = "mcp";

export interface AggregatesOptions {
  readonly config: AggregateConfig;
  readonly version: string;
  readonly settingsOf: (server: string) => ServerSettings;
  readonly limits: {
    readonly startMs: number;
    readonly requestMs: number;
    readonly heldBytes: number;
    readonly maxAgeMs: number;
  };
  readonly emit: Emit;
}

/** What sessions on these endpoints use; it exists only when the sessions do. */
export interface AggregateParts {
  /** Connects to a server of any era. */
  readonly connect: Connect;
  readonly catalog: ToolCatalog;
  readonly room: ProcessRoom;
  /** A server has announced that one of its lists has changed. */
  readonly onListsChanged: (server: string) => void;
}

/** The endpoints in front of several servers: of all of them, and of each group. */
export class Aggregates {
  readonly #options: AggregatesOptions;
  readonly #byName: ReadonlyMap<string, Aggregate>;
  readonly #settings: ReadonlyMap<string, ServerSettings>;
  #parts: AggregateParts | undefined;
  #policy: Policy | undefined;

  constructor(options: AggregatesOptions) {
    this.#options = options;
    const { groups, servers } = options.config;
    const all: readonly (readonly [string, GroupConfig | undefined])[] = [[ROOT, undefined], ...Object.entries(groups)];
    this.#byName = new Map(all.map(([name, group]) => [name, this.#aggregate(name, group, Object.keys(servers))]));
    this.#settings = new Map(
      [...this.#byName].map(([name, { servers: members }]) => [name, this.#settingsFor(name, members)]),
    );
  }

  /** Those of the config, which are listed like servers. */
  get groups(): readonly string[] {
    return Object.keys(this.#options.config.groups);
  }

  readonly find = (name: string): Aggregate | undefined => this.#byName.get(name);

  settingsOf(name: string): ServerSettings | undefined {
    return this.#settings.get(name);
  }

  /** How REST calls to an endpoint are run. */
  callsOf(name: string): (ServerSettings & { readonly serial: boolean }) | undefined {
    const settings = this.#settings.get(name);
    return settings && { ...settings, serial: false };
  }

  /** From now on clients can use the endpoints. */
  open(parts: AggregateParts): void {
    this.#parts = parts;
  }

  readonly connect: Connect = (destination, listener) => {
    const aggregate = this.#byName.get(destination.server);
    const { emit, limits } = this.#options;
    if (aggregate === undefined) throw new GatewayError("server_not_found", "No such server.");
    const { connect, room, onListsChanged } = this.#ready;
    return new AggregateUpstream({
      aggregate,
      destination,
      listener,
      connect,
      room,
      onListsChanged,
      timesOf: (server) => this.#timesOf(server, aggregate.name),
      isStateful: (server) => this.#options.settingsOf(server).isStateful,
      heldBytes: limits.heldBytes,
      emit,
    });
  };

  /** The catalogue has fetched the list of a server. */
  listed(server: string): void {
    for (const aggregate of this.#byName.values()) aggregate.listed(server);
  }

  /** The catalogue, with these endpoints as if they were servers. */
  catalog(catalog: ToolCatalog): ToolCatalog {
    return new AggregateCatalog(catalog, this.find);
  }

  policy(policy: Policy): Policy {
    this.#policy = policy;
    return new AggregatePolicy(policy, this.find);
  }

  /** For the policy that was given before. */
  screen(screen: Screen): Screen {
    return this.#policy === undefined ? screen : new AggregateScreen({ screen, policy: this.#policy, find: this.find });
  }

  admission(admission: Admission): Admission {
    return aggregateAdmission(admission, this.find);
  }

  get #ready(): AggregateParts {
    if (this.#parts === undefined) throw new GatewayError("internal", "The gateway is still starting.");
    return this.#parts;
  }

  #aggregate(name: string, group: GroupConfig | undefined, all: readonly string[]): Aggregate {
    const { config, version, settingsOf, limits, emit } = this.#options;
    // In the order of the config, whatever that of the group is.
    const servers = group === undefined ? all : all.filter((server) => group.servers.includes(server));
    return new Aggregate({
      name,
      servers,
      naming: new Naming(servers, config.naming.separator),
      selection: group === undefined ? EVERYTHING : selectionOf(group),
      routes: group === undefined && config.routing.length > 0 ? new Routes(config.routing) : undefined,
      serverInfo: { name: group === undefined ? "mcp-gateway" : name, version },
      catalog: () => this.#ready.catalog,
      isPersonal: (server) => settingsOf(server).callerKey !== undefined,
      sees: (principal, server) => this.#policy?.sees(principal, server) !== false,
      maxAgeMs: limits.maxAgeMs,
      emit,
    });
  }

  #settingsFor(name: string, servers: readonly string[]): ServerSettings {
    const { settingsOf, limits, config } = this.#options;
    const members = servers.map(settingsOf);
    const longest = Math.max(...members.map(({ timeoutMs }) => timeoutMs ?? limits.requestMs));
    const shape = [config.naming, config.groups[name], config.routing, members.map(({ fingerprint }) => fingerprint)];
    const filled = members.filter(({ callerKey }) => callerKey !== undefined);
    return {
      isStateful: members.some(({ isStateful }) => isStateful),
      timeoutMs: longest > limits.requestMs ? longest : undefined,
      isolation: "principal",
      era: "legacy",
      fingerprint: hash("sha256", JSON.stringify(shape), "base64url"),
      callerKey: filled.length === 0 ? undefined : (...who) => filled.map((member) => keyOf(member, ...who)).join("\n"),
      isAggregate: true,
    };
  }

  /** A server's own limit; that of all servers where the session waits longer for the sake of another server. */
  #timesOf(server: string, aggregate: string): LinkTimes {
    const { settingsOf, limits } = this.#options;
    const own = settingsOf(server).timeoutMs;
    const isLonger = this.#settings.get(aggregate)?.timeoutMs !== undefined;
    const limit = own === undefined ? "limits.request" : `servers.${server}.timeout`;
    return { startMs: limits.startMs, requestMs: own ?? (isLonger ? limits.requestMs : undefined), limit };
  }
}

/** What an entry is filled in with. A caller who lacks something can still use the other servers. */
function keyOf({ callerKey }: ServerSettings, principal: Principal, caller: CallerHeaders | undefined): string {
  try {
    return JSON.stringify(callerKey?.(principal, caller));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.reason;
  }
}
