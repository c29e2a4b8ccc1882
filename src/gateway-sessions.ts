import { join, resolve as absolute } from "node:path";
import { McpClient, type ClientSettings } from "./client/mcp-client.ts";
import { ListFiles } from "./client/list-files.ts";
import { CachingToolCatalog } from "./client/tool-catalog.ts";
import type { Aggregates } from "./aggregate/aggregates.ts";
import type { Config } from "./config/schema.ts";
import { stateFolder } from "./lib/state-folder.ts";
import { durationMs, sizeBytes } from "./lib/units.ts";
import type { Admission } from "./protocol/admission.ts";
import type { Events } from "./protocol/events.ts";
import { gatewayItself } from "./protocol/principal.ts";
import type { Screen } from "./protocol/screen.ts";
import { isRepeatable, type ToolCatalog } from "./protocol/tool.ts";
import type { CallerHeaders, Connect, ServerSettings } from "./protocol/upstream.ts";
import { modernLimits, recordLimits, sessionLimits } from "./session/config.ts";
import { connectAnyEra } from "./session/era-upstream.ts";
import { ModernSessions } from "./session/modern/modern-sessions.ts";
import { openRecords, type RecordStore } from "./session/open-records.ts";
import { ServerEras } from "./session/server-eras.ts";
import { Sessions } from "./session/sessions.ts";
import type { Servers } from "./upstream/servers.ts";

export interface GatewaySessionsOptions {
  readonly config: Config;
  /** The config file. */
  readonly file: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the gateway serves clients; only then are sessions persisted. */
  readonly isServing: boolean;
  readonly servers: Servers;
  readonly aggregates: Aggregates;
  readonly events: Events;
  readonly admission: Admission | undefined;
  readonly screen: Screen | undefined;
}

/** The sessions of a gateway, in either era, and the list of tools, which it reads through sessions of its own. */
export class GatewaySessions {
  readonly store: RecordStore;
  readonly eras: ServerEras;
  readonly table: Sessions;
  readonly modern: ModernSessions;
  /** What the servers list, and the endpoints in front of several servers. */
  readonly catalog: ToolCatalog;
  /** What the servers list, on disk; undefined when that is not wanted. Only a gateway that serves clients uses it by itself. */
  readonly lists: ListFiles | undefined;
  /** The gateway as a client of its own sessions. */
  readonly client: ClientSettings;

  constructor(options: GatewaySessionsOptions) {
    const { config, servers, aggregates, version, events } = options;
    const { emit } = events;
    const settingsOf = (name: string): ServerSettings => aggregates.settingsOf(name) ?? servers.get(name).settings;
    const connect: Connect = (destination, listener) =>
      aggregates.find(destination.server) === undefined
        ? servers.connect(destination, listener)
        : aggregates.connect(destination, listener);
    const limits = sessionLimits(config.limits, config.rest.idle, config.limits.queueBytes);
    const common = { connect, settingsOf, clientVersion: version, emit };
    this.store = openStore(options, (name) => settingsOf(name).fingerprint);
    this.eras = new ServerEras(common);
    const connectAny = connectAnyEra({ connect, eras: this.eras, heldBytes: limits.queueBytes, emit });
    const onListsChanged = (server: string): void => catalog.changed(server);
    this.table = new Sessions({
      connect: connectAny,
      settingsOf,
      limits,
      records: this.store.records,
      clientVersion: version,
      events,
      admission: options.admission,
      screen: options.screen,
      onListsChanged,
      mayRepeat: (server, tool) => isRepeatable(this.catalog.look(server)?.tools.get(tool)),
    });
    const { table: sessions, eras } = this;
    this.modern = new ModernSessions({
      ...common,
      sessions,
      eras,
      limits: modernLimits(config.limits, limits.queueBytes),
    });
    this.client = {
      version,
      listingBytes: sizeBytes(config.limits.messageBytes),
      listingMs: durationMs(config.limits.request),
    };
    this.lists = listFiles(options, settingsOf);
    const catalog: CachingToolCatalog = new CachingToolCatalog({
      sessions,
      client: this.client,
      emit,
      maxAgeMs: durationMs(config.rest.catalogAge),
      files: options.isServing ? this.lists : undefined,
      onListed: (server) => aggregates.listed(server),
    });
    this.catalog = aggregates.catalog(catalog);
    aggregates.open({ connect: connectAny, catalog, room: sessions, onListsChanged });
  }

  /** Opens a session of the gateway's own, which the caller of this closes. */
  open(server: string, requestId: string, caller: CallerHeaders | undefined): McpClient {
    const request = { principal: gatewayItself, server, transport: "rest", requestId, caller } as const;
    return new McpClient(this.table, request, this.client);
  }
}

function openStore(
  { config, file, env, isServing, events }: GatewaySessionsOptions,
  fingerprintOf: (server: string) => string,
): RecordStore {
  return openRecords({
    store: isServing ? config.sessions.store : "memory",
    dir: config.state.dir,
    instance: instanceOf(config, file),
    limits: recordLimits(config.limits),
    fingerprintOf,
    env,
    emit: events.emit,
  });
}

function listFiles(
  { config, file, env, events, servers }: GatewaySessionsOptions,
  settingsOf: (server: string) => ServerSettings,
): ListFiles | undefined {
  const { cache, state, limits } = config;
  if (cache.store === "memory") return undefined;
  const folder = stateFolder({ dir: cache.dir ?? state.dir, instance: instanceOf(config, file), env });
  return new ListFiles({
    folder: join(folder, "lists"),
    servers: servers.names,
    // What a server lists for one caller is not what it lists for another.
    fingerprintOf: (server) => {
      const { callerKey, fingerprint } = settingsOf(server);
      return callerKey === undefined ? fingerprint : undefined;
    },
    maxBytes: sizeBytes(limits.messageBytes),
    emit: events.emit,
  });
}

const instanceOf = ({ hostname, port }: Config, file: string): string => `${absolute(file)} ${hostname} ${port}`;
