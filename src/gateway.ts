import type { AddressInfo } from "node:net";
import { resolve as absolute } from "node:path";
import { configuredAuthenticators, AccessGate } from "./access/gate.ts";
import { Oversight } from "./access/oversight.ts";
import type { AccessRules } from "./access/policy/config.ts";
import { PolicyScreen } from "./access/policy/policy-screen.ts";
import { policyOf } from "./access/policy/rule-policy.ts";
import { Logins } from "./access/logins.ts";
import { tokenConfig, tokenOffer } from "./access/oauth.ts";
import type { ClientSettings } from "./client/mcp-client.ts";
import { CachingToolCatalog } from "./client/tool-catalog.ts";
import { RedisStore } from "./cluster/redis.ts";
import type { LoadedConfig } from "./config/load.ts";
import { ConfigError } from "./config/problems.ts";
import { secretsOf } from "./config/secrets.ts";
import type { Config } from "./config/schema.ts";
import { toYaml } from "./config/yaml.ts";
import { Bodies } from "./downstream/bodies.ts";
import { downstreamLimits } from "./downstream/config.ts";
import type { DownstreamContext } from "./downstream/context.ts";
import { createHttp, type Http } from "./downstream/http.ts";
import { documentSettings } from "./downstream/openapi/config.ts";
import type { DocumentSettings } from "./downstream/openapi/documents.ts";
import { Origins } from "./downstream/origins.ts";
import { PublicPath } from "./downstream/public-path.ts";
import { SchemaValidator } from "./downstream/rest/checks/validator.ts";
import { restParts } from "./downstream/rest/config.ts";
import type { TokenOffer } from "./downstream/resource-metadata.ts";
import { StreamCare } from "./downstream/stream-care.ts";
import { Visibility } from "./downstream/visibility.ts";
import { TrustedProxies } from "./downstream/trusted-proxies.ts";
import { Redactor } from "./lib/redactor.ts";
import { durationMs, sizeBytes } from "./lib/units.ts";
import { REDACTED_KEYS } from "./observability/config.ts";
import { Health } from "./observability/health.ts";
import type { LogOutput } from "./observability/log-output.ts";
import { eventsFor, logFor } from "./observability/log-setup.ts";
import type { Log } from "./observability/logger.ts";
import { stdoutOutput } from "./observability/std-outputs.ts";
import type { Emit, Events } from "./protocol/events.ts";
import type { Policy } from "./protocol/policy.ts";
import type { SessionTable } from "./protocol/session.ts";
import { isRepeatable, type ToolCatalog } from "./protocol/tool.ts";
import type { ServerSettings } from "./protocol/upstream.ts";
import { modernLimits, recordLimits, sessionLimits } from "./session/config.ts";
import { connectAnyEra } from "./session/era-upstream.ts";
import { ModernSessions } from "./session/modern/modern-sessions.ts";
import { openRecords, type RecordStore } from "./session/open-records.ts";
import { ServerEras } from "./session/server-eras.ts";
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
  readonly #tokens: TokenOffer | undefined;
  readonly config: Config;
  readonly catalog: ToolCatalog;
  /** Undefined when every authenticated caller may do everything. */
  readonly policy: Policy | undefined;
  readonly documents: DocumentSettings;
  readonly descriptors = new Descriptors();
  readonly #file: string;
  readonly #health: Health;
  readonly #oversight: Oversight;
  readonly #store: RecordStore;
  readonly #sessions: Sessions;
  readonly #modern: ModernSessions;
  readonly #validator: SchemaValidator;
  readonly #http: Http;

  constructor(options: GatewayOptions) {
    const { config, secrets } = options.loaded;
    this.config = config;
    this.#file = options.loaded.file;
    const redactor = new Redactor(
      [...REDACTED_KEYS, ...config.logging.redactKeys],
      [...secrets, ...secretsOf(options.env["REDIS_URL"])],
    );
    this.log = logFor(config, { env: options.env, output: options.logOutput, redactor });
    const events = eventsFor(config, this.log, (event) => this.#oversight.hear(event));
    this.servers = this.#createServers(options, redactor, events);
    const settingsOf = (name: string): ServerSettings => this.servers.get(name).settings;
    this.policy = policyOf({ policy: config.policy, ...permissionsOf(config) }, this.servers.names);
    this.#oversight = this.#createOversight(options, redactor, events.emit);
    const { admission, checks } = this.#oversight;
    this.#health = new Health(checks);
    this.#store = openRecords({
      store: options.isServing === true ? config.sessions.store : "memory",
      dir: config.state.dir,
      instance: `${absolute(options.loaded.file)} ${config.hostname} ${config.port}`,
      limits: recordLimits(config.limits),
      fingerprintOf: (name) => settingsOf(name).fingerprint,
      env: options.env,
      emit: events.emit,
    });
    const limits = sessionLimits(config.limits, config.rest.idle, config.limits.queueBytes);
    const { connect } = this.servers;
    const common = { connect, settingsOf, clientVersion: options.version, emit: events.emit };
    const eras = new ServerEras(common);
    this.#sessions = new Sessions({
      connect: connectAnyEra({ connect, eras, heldBytes: limits.queueBytes, emit: events.emit }),
      settingsOf,
      limits,
      records: this.#store.records,
      clientVersion: options.version,
      events,
      admission,
      screen: this.policy && new PolicyScreen(this.policy),
      onToolsChanged: (server) => catalog.changed(server),
      mayRepeat: (server, tool) => isRepeatable(catalog.look(server)?.tools.get(tool)),
    });
    this.#modern = new ModernSessions({
      ...common,
      sessions: this.#sessions,
      eras,
      limits: modernLimits(config.limits, limits.queueBytes),
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
    const jwt = tokenConfig(config);
    this.#tokens = tokenOffer(config, jwt);
    const authenticators = configuredAuthenticators({ ...config.auth, jwt }, events);
    this.gate = new AccessGate(authenticators, new Logins(config.limits.failedLogins));
    this.documents = documentSettings(
      config.openapi,
      this.gate.schemes,
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
    const { server } = this.#http;
    await this.#prepare();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, hostname, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.watchTime();
    this.servers.open();
    this.gate.prepare();
    this.#health.state = "ready";
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the socket has no address");
    return address;
  }

  /** Reports not ready, closes the listening socket, lets running requests finish for a while, then closes streams and ends servers. */
  async stop(): Promise<void> {
    this.#health.state = "draining";
    const { server, connections } = this.#http;
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
    await this.#oversight.stop();
  }

  /** Rate limits and the audit trail. */
  get oversight(): Pick<Oversight, "limits" | "audit"> {
    return this.#oversight;
  }

  /** Rejects with a ConfigError when the config names something that cannot be used. */
  async #prepare(): Promise<void> {
    try {
      await this.#oversight.start();
    } catch (cause) {
      throw new ConfigError(this.#file, [{ message: cause instanceof Error ? cause.message : String(cause) }]);
    }
  }

  #createOversight({ env, logOutput }: GatewayOptions, redactor: Redactor, emit: Emit): Oversight {
    const { config, policy } = this;
    return new Oversight({
      config,
      env,
      redactor,
      emit,
      policy,
      connectStore: (url) => RedisStore.connect({ url, emit }),
      stderr: logOutput,
      stdout: stdoutOutput,
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
    const context = {
      ...downstreamContext(config, events, this.#sessions),
      modern: this.#modern,
      ...restParts(config.rest, config.limits),
      validator: this.#validator,
      gate: this.gate,
      hasQuotas: this.#oversight.limits !== undefined,
      admission: this.#oversight.admission,
      callsOf: (name: string) => servers.get(name).settings,
      visibility: new Visibility(this.policy, servers.names),
      callerHeaders: servers.callerHeaders,
      catalog,
      client,
      documents,
      documentsArePublic: config.openapi.public,
      publicUrl: config.publicUrl,
      tokens: this.#tokens,
      toYaml,
    };
    return createHttp({
      context,
      origins: new Origins({ ...config, authenticates: this.gate.authenticates }),
      health: this.#health,
      maxConnections: this.descriptors.connections(MAX_CONNECTIONS),
    });
  }
}

const MAX_CONNECTIONS = 2_048;
/** The time it takes to end a server that only reacts to SIGKILL (2 s + 3 s), and some reserve. */
const ENDING_MS = 7_000;
/** With every session ended, an open request only has to write its refusal. */
const LAST_ANSWERS_MS = 500;

const permissionsOf = ({ auth: { permissions, options } }: Config): Pick<AccessRules, "permissions" | "options"> => ({
  permissions,
  options,
});

function downstreamContext(
  { limits, publicUrl, servers, trustedProxies }: Config,
  events: Events,
  sessions: SessionTable,
): Omit<DownstreamContext, "gate" | "hasQuotas" | "admission" | "modern" | "visibility" | "callerHeaders"> {
  const { streams, bodies, replay } = downstreamLimits(limits);
  return {
    events,
    sessions,
    streams: new StreamCare(streams, events.emit),
    bodies: new Bodies(bodies),
    replay,
    trustedProxies: trustedProxies.length === 0 ? undefined : new TrustedProxies(trustedProxies),
    publicPath: publicUrl === undefined ? undefined : new PublicPath(publicUrl, Object.keys(servers)),
  };
}
