import type { AddressInfo } from "node:net";
import { resolve as absolute } from "node:path";
import { configuredAuthenticators, AccessGate } from "./access/gate.ts";
import { scraperGate } from "./access/scraper-gate.ts";
import type { ClientSettings } from "./client/mcp-client.ts";
import { RequiredServers } from "./client/required-servers.ts";
import { CachingToolCatalog } from "./client/tool-catalog.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { toYaml } from "./config/yaml.ts";
import { Bodies } from "./downstream/bodies.ts";
import { downstreamLimits } from "./downstream/config.ts";
import type { DownstreamContext } from "./downstream/context.ts";
import { createHttp, type Http } from "./downstream/http.ts";
import { documentSettings } from "./downstream/openapi/config.ts";
import type { DocumentSettings } from "./downstream/openapi/documents.ts";
import { listen } from "./downstream/listen.ts";
import { Origins } from "./downstream/origins.ts";
import { PublicPath } from "./downstream/public-path.ts";
import { SchemaValidator } from "./downstream/rest/checks/validator.ts";
import { restSettings } from "./downstream/rest/config.ts";
import type { RestContext } from "./downstream/rest/context.ts";
import { IdempotencyStore } from "./downstream/rest/idempotency.ts";
import { MintedIds } from "./downstream/rest/minted-ids.ts";
import { StreamCare } from "./downstream/stream-care.ts";
import { Redactor } from "./lib/redactor.ts";
import { durationMs, sizeBytes } from "./lib/units.ts";
import { REDACTED_KEYS, type Level } from "./observability/config.ts";
import { Health } from "./observability/health.ts";
import { HeapWatch } from "./observability/heap-watch.ts";
import type { LogOutput } from "./observability/log-output.ts";
import { createLog, type Log } from "./observability/logger.ts";
import { metricsAreOn } from "./observability/metrics/config.ts";
import { Observation } from "./observability/observation.ts";
import type { Events } from "./protocol/events.ts";
import type { SessionTable } from "./protocol/session.ts";
import type { ToolCatalog } from "./protocol/tool.ts";
import type { ServerSettings } from "./protocol/upstream.ts";
import { recordLimits, sessionLimits } from "./session/config.ts";
import { openRecords, type RecordStore } from "./session/open-records.ts";
import { Sessions } from "./session/sessions.ts";
import { Descriptors } from "./upstream/descriptors.ts";
import { upstreamKinds } from "./upstream/kinds.ts";
import { Servers } from "./upstream/servers.ts";

export interface GatewayOptions {
  /** The version of the gateway, for `clientInfo`. */
  readonly version: string;
  readonly loaded: LoadedConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly logOutput: LogOutput;
  /** Whether the gateway serves clients; only then are sessions persisted. */
  readonly isServing?: boolean;
}

/** The composition root: creates the parts of every room from the config. */
export class Gateway {
  readonly log: Log;
  readonly servers: Servers;
  readonly gate: AccessGate;
  readonly config: Config;
  readonly catalog: ToolCatalog;
  readonly documents: DocumentSettings;
  readonly descriptors = new Descriptors();
  /** What is known of the gateway and its servers, from events and by asking. */
  readonly observation: Observation;
  readonly #heap = new HeapWatch();
  readonly #health = new Health([() => this.#required.check(), () => this.#heap.check()]);
  readonly #required: RequiredServers;
  readonly #store: RecordStore;
  readonly #sessions: Sessions;
  readonly #validator: SchemaValidator;
  readonly #http: Http;

  constructor(options: GatewayOptions) {
    const { config, secrets } = options.loaded;
    this.config = config;
    const redactor = new Redactor([...REDACTED_KEYS, ...config.logging.redactKeys], secrets);
    this.log = logFor(options, redactor);
    this.observation = this.#createObservation(options);
    const { events, health } = this.observation;
    this.servers = this.#createServers(options, redactor, events);
    const settingsOf = (name: string): ServerSettings => this.servers.get(name).settings;
    this.#store = openRecords({
      store: options.isServing === true ? config.sessions.store : "memory",
      dir: config.state.dir,
      instance: `${absolute(options.loaded.file)} ${config.hostname} ${config.port}`,
      limits: recordLimits(config.limits),
      fingerprintOf: (name) => settingsOf(name).fingerprint,
      env: options.env,
      emit: events.emit,
    });
    this.#sessions = new Sessions({
      connect: this.servers.connect,
      settingsOf,
      limits: sessionLimits(config.limits, config.rest.idle, config.limits.queueBytes),
      records: this.#store.records,
      clientVersion: options.version,
      events,
      onToolsChanged: (server) => catalog.changed(server),
    });
    const client = {
      version: options.version,
      listingBytes: sizeBytes(config.limits.messageBytes),
      listingMs: durationMs(config.limits.request),
    };
    const catalog = new CachingToolCatalog({
      sessions: this.#sessions,
      client,
      emit: events.emit,
      maxAgeMs: durationMs(config.rest.catalogAge),
    });
    this.catalog = catalog;
    const isRequired = (name: string): boolean => this.servers.get(name).settings.isRequired;
    const names = this.servers.names.filter(isRequired);
    this.#required = new RequiredServers({ names, catalog, works: (name) => health.of(name).works });
    const authenticators = configuredAuthenticators(config.auth);
    this.gate = new AccessGate(authenticators);
    this.documents = documentSettings(
      config.openapi,
      authenticators.map(({ scheme }) => scheme),
      config.rest.sessionless === "oneshot" || config.rest.implicitSession.length > 0,
    );
    this.#validator = new SchemaValidator(events.emit);
    this.#http = this.#createHttp(client, events);
  }

  /** Where session records are stored, for the operator. */
  get sessionPlace(): string {
    return this.#store.place;
  }

  /** Starts the session timers, without which no timeout fires. Part of `start`; called on its own when only listing tools. */
  watchTime(): void {
    this.#sessions.start();
  }

  /** Resolves with the address once the socket listens; rejects when it cannot be bound. */
  async start(): Promise<AddressInfo> {
    const { hostname, port } = this.config;
    const { port: metricsPort = 0, hostname: metricsHostname } = this.config.metrics;
    await this.#http.metricsServer?.start(metricsPort, metricsHostname);
    const address = await listen(this.#http.server, port, hostname);
    this.watchTime();
    this.servers.open();
    this.#required.start();
    this.#health.state = "ready";
    this.observation.start();
    return address;
  }

  /** Undefined when metrics have no port of their own. */
  get metricsAddress(): AddressInfo | undefined {
    return this.#http.metricsServer?.address;
  }

  /** Reports not ready, closes the listening socket, lets running requests finish for a while, then closes streams and ends servers. */
  async stop(): Promise<void> {
    this.#health.state = "draining";
    this.#required.stop();
    const { server, connections, metricsServer } = this.#http;
    const closed = connections.drain();
    const unused = this.servers.close();
    await this.#sessions.drain(durationMs(this.config.limits.drain) - ENDING_MS);
    await unused;
    await this.#store.close();
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(cut);
    this.#validator.close();
    this.servers.end();
    metricsServer?.close();
  }

  #createObservation({ version }: GatewayOptions): Observation {
    const { metrics, hostname } = this.config;
    return new Observation({
      version,
      level: levelOf(this.config),
      log: this.log,
      hasMetrics: metricsAreOn(metrics, hostname),
      ask: {
        sessions: () => this.#sessions.facts(),
        processes: () => this.servers.processes(),
        usage: () => this.servers.usage(),
        servers: () =>
          this.servers.facts().map((facts) => {
            return { ...facts, era: undefined, tools: this.catalog.cached(facts.name)?.tools.size };
          }),
      },
    });
  }

  #createServers({ env }: GatewayOptions, redactor: Redactor, { emit }: Events): Servers {
    const { servers, limits, rest } = this.config;
    return new Servers({
      kinds: upstreamKinds,
      entries: servers,
      limits,
      context: {
        emit,
        redactor,
        descriptors: this.descriptors,
        gatewayEnv: env,
        messageBytes: sizeBytes(limits.messageBytes),
        queueBytes: sizeBytes(limits.queueBytes),
        sessions: { all: limits.sessions, perServer: limits.sessionsPerServer },
        exposeStderr: rest.exposeStderr,
      },
    });
  }

  #createHttp(client: ClientSettings, events: Events): Http {
    const { config, servers, catalog, documents } = this;
    const { metrics } = this.observation;
    const context = {
      ...downstreamContext(config, events, this.#sessions),
      ...restParts(config),
      validator: this.#validator,
      gate: this.gate,
      hasServer: (name: string) => servers.has(name),
      callsOf: (name: string) => servers.get(name).settings,
      serverNames: servers.names,
      catalog,
      client,
      documents,
      documentsArePublic: config.openapi.public,
      publicUrl: config.publicUrl,
      toYaml,
    };
    return createHttp({
      context,
      origins: new Origins({ ...config, authenticates: this.gate.authenticates }),
      health: this.#health,
      servers: () => this.observation.servers(),
      metrics: metrics && {
        metrics,
        hasOwnPort: config.metrics.port !== undefined,
        gate: scraperGate(config.metrics, this.gate),
      },
      maxConnections: this.descriptors.connections(MAX_CONNECTIONS),
    });
  }
}

const MAX_CONNECTIONS = 2_048;
/** The time it takes to end a server that only reacts to SIGKILL (2 s + 3 s), and some reserve. */
const ENDING_MS = 7_000;
/** With every session ended, an open request only has to write its refusal. */
const LAST_ANSWERS_MS = 500;

const levelOf = ({ logging, debug }: Config): Level => logging.level ?? debug.level ?? "info";

function logFor({ loaded: { config }, env, logOutput }: GatewayOptions, redactor: Redactor): Log {
  const colors = logOutput.isTerminal && env["NO_COLOR"] === undefined;
  return createLog({ level: levelOf(config), format: config.logging.format, redactor, output: logOutput, colors });
}

function downstreamContext(
  { limits, publicUrl, servers }: Config,
  events: Events,
  sessions: SessionTable,
): Omit<DownstreamContext, "gate" | "hasServer" | "serverNames"> {
  const { streams, bodies, replay } = downstreamLimits(limits);
  return {
    events,
    sessions,
    streams: new StreamCare(streams, events.emit),
    bodies: new Bodies(bodies),
    replay,
    publicPath: publicUrl === undefined ? undefined : new PublicPath(publicUrl, Object.keys(servers)),
  };
}

function restParts({ rest, limits }: Config): Pick<RestContext, "settings" | "idempotency" | "minted"> {
  return {
    settings: restSettings(rest, limits),
    idempotency: new IdempotencyStore({ maxAgeMs: durationMs(rest.replayAge), bytes: sizeBytes(rest.replayBytes) }),
    minted: new MintedIds(durationMs(rest.idle)),
  };
}
