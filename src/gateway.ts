import type { AddressInfo } from "node:net";
import type { AccessGate } from "./access/gate.ts";
import type { Oversight } from "./access/oversight.ts";
import type { Aggregates } from "./aggregate/aggregates.ts";
import type { McpClient } from "./client/mcp-client.ts";
import { RequiredServers } from "./client/required-servers.ts";
import type { LoadedConfig } from "./config/load.ts";
import { secretsOf } from "./config/secrets.ts";
import type { Config } from "./config/schema.ts";
import type { Http } from "./downstream/http.ts";
import { listen } from "./downstream/listen.ts";
import { documentSettings } from "./downstream/openapi/config.ts";
import type { DocumentSettings } from "./downstream/openapi/documents.ts";
import { SchemaValidator } from "./downstream/rest/checks/validator.ts";
import { GatewayAccess } from "./gateway-access.ts";
import { consoleKeeps } from "./gateway-console.ts";
import { gatewayHttp } from "./gateway-http.ts";
import { configuredAggregates, configuredServers } from "./gateway-servers.ts";
import { GatewaySessions } from "./gateway-sessions.ts";
import { Redactor } from "./lib/redactor.ts";
import { durationMs } from "./lib/units.ts";
import { REDACTED_KEYS } from "./observability/config.ts";
import { Health } from "./observability/health.ts";
import { HeapWatch } from "./observability/heap-watch.ts";
import type { LogOutput } from "./observability/log-output.ts";
import { levelOf, logFor } from "./observability/log-setup.ts";
import type { Log } from "./observability/logger.ts";
import { metricsAreOn } from "./observability/metrics/config.ts";
import { Observation } from "./observability/observation.ts";
import type { Policy } from "./protocol/policy.ts";
import type { ToolCatalog, ToolList } from "./protocol/tool.ts";
import type { CallerHeaders } from "./protocol/upstream.ts";
import { Descriptors } from "./upstream/descriptors.ts";
import type { Servers } from "./upstream/servers.ts";

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
  readonly config: Config;
  readonly log: Log;
  readonly servers: Servers;
  /** The endpoints in front of several servers. */
  readonly aggregates: Aggregates;
  readonly documents: DocumentSettings;
  readonly descriptors = new Descriptors();
  /** What is known of the gateway and its servers, from events and by asking. */
  readonly observation: Observation;
  readonly #access: GatewayAccess;
  readonly #sessions: GatewaySessions;
  readonly #required: RequiredServers;
  readonly #health: Health;
  readonly #validator: SchemaValidator;
  readonly #http: Http;

  constructor(options: GatewayOptions) {
    const { env, logOutput, version, isServing = false, loaded } = options;
    const { config, file } = loaded;
    this.config = config;
    const redactor = redactorFor(options);
    this.log = logFor(config, { env, output: logOutput, redactor });
    this.observation = this.#createObservation(version);
    const { events } = this.observation;
    const { emit } = events;
    const { descriptors, observation } = this;
    this.servers = configuredServers({ config, env, redactor, descriptors, emit });
    const { servers } = this;
    this.aggregates = configuredAggregates({ config, version, servers, emit });
    const { aggregates } = this;
    const common = { config, file, env, aggregates };
    this.#access = new GatewayAccess({ ...common, redactor, logOutput, emit, serverNames: servers.names });
    const { gate, screen, oversight, admission } = this.#access;
    this.#sessions = new GatewaySessions({ ...common, version, isServing, servers, events, admission, screen });
    this.#required = this.#createRequired();
    const heap = new HeapWatch();
    this.#health = new Health([...oversight.checks, () => this.#required.check(), () => heap.check()]);
    this.documents = documentSettings(
      config.openapi,
      gate.schemes,
      config.rest.sessionless === "oneshot" || config.rest.implicitSession.length > 0,
    );
    this.#validator = new SchemaValidator(emit);
    this.#http = gatewayHttp({
      config,
      servers,
      aggregates,
      descriptors,
      observation,
      access: this.#access,
      sessions: this.#sessions,
      health: this.#health,
      documents: this.documents,
      validator: this.#validator,
      console: { version, redactor },
    });
  }

  get gate(): AccessGate {
    return this.#access.gate;
  }

  /** Undefined when every authenticated caller may do everything. */
  get policy(): Policy | undefined {
    return this.#access.policy;
  }

  /** Rate limits and the audit trail. */
  get oversight(): Pick<Oversight, "limits" | "audit"> {
    return this.#access.oversight;
  }

  get catalog(): ToolCatalog {
    return this.#sessions.catalog;
  }

  get validator(): SchemaValidator {
    return this.#validator;
  }

  /** A session of the gateway's own with a server: no login, policy or limit applies. Closed with its `session`. */
  connectTo(server: string, requestId: string, caller?: CallerHeaders): McpClient {
    return this.#sessions.open(server, requestId, caller);
  }

  /** What a gateway with this config has learnt of its servers and kept on disk. */
  keptLists(): ToolList[] {
    return this.servers.names.flatMap((name) => this.#sessions.lists?.take(name) ?? []);
  }

  /** Where session records are stored, for the operator. */
  get sessionPlace(): string {
    return this.#sessions.store.place;
  }

  /** Undefined when metrics have no port of their own. */
  get metricsAddress(): AddressInfo | undefined {
    return this.#http.metricsServer?.address;
  }

  /** Starts the session timers, without which no timeout fires. Part of `start`; called on its own when only listing tools. */
  watchTime(): void {
    this.#sessions.table.start();
  }

  /** Resolves with the address once the socket listens; rejects when it cannot be bound. */
  async start(): Promise<AddressInfo> {
    const { hostname, port, metrics } = this.config;
    await this.#access.start();
    await this.#http.metricsServer?.start(metrics.port ?? 0, metrics.hostname);
    const address = await listen(this.#http.server, port, hostname);
    this.watchTime();
    this.servers.open();
    this.gate.prepare();
    this.#required.start();
    this.#health.state = "ready";
    this.observation.start();
    return address;
  }

  /** Reports not ready, closes the listening socket, lets running requests finish for a while, then closes streams and ends servers. */
  async stop(): Promise<void> {
    this.#health.state = "draining";
    this.#required.stop();
    const { server, connections, metricsServer, console } = this.#http;
    console?.close();
    this.observation.stop();
    const closed = connections.drain();
    const unused = this.servers.close();
    await this.#sessions.table.drain(durationMs(this.config.limits.drain) - ENDING_MS);
    await unused;
    await this.#sessions.store.close();
    await this.#sessions.lists?.close();
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(cut);
    this.#validator.close();
    this.servers.end();
    metricsServer?.close();
    await this.#access.oversight.stop();
  }

  #createObservation(version: string): Observation {
    const { config, log } = this;
    return new Observation({
      version,
      level: levelOf(config),
      log,
      hasMetrics: metricsAreOn(config.metrics, config.hostname),
      keeps: consoleKeeps(config),
      hear: (event) => this.#access.oversight.hear(event),
      ask: {
        sessions: () => this.#sessions.table.facts(),
        processes: () => this.servers.processes(),
        usage: () => this.servers.usage(),
        servers: () =>
          this.servers.facts().map((facts) => {
            const { eras, catalog } = this.#sessions;
            return { ...facts, era: eras.known(facts.name), tools: catalog.cached(facts.name)?.tools.size };
          }),
      },
    });
  }

  #createRequired(): RequiredServers {
    const { all } = this.servers;
    const { health } = this.observation;
    return new RequiredServers({
      names: all.flatMap(({ name, settings }) => (settings.isRequired ? name : [])),
      catalog: this.#sessions.catalog,
      works: (name) => health.of(name).works,
    });
  }
}

/** The time it takes to end a server that only reacts to SIGKILL (2 s + 3 s), and some reserve. */
const ENDING_MS = 7_000;
/** With every session ended, an open request only has to write its refusal. */
const LAST_ANSWERS_MS = 500;

/** Masks the secrets of the config and of the environment. */
function redactorFor({ loaded: { config, secrets }, env }: GatewayOptions): Redactor {
  const keys = [...REDACTED_KEYS, ...config.logging.redactKeys];
  return new Redactor(keys, [...secrets, ...secretsOf(env["REDIS_URL"])]);
}
