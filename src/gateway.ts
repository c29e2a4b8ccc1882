import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { configuredAuthenticators, Gate } from "./access/gate.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { toYaml } from "./config/yaml.ts";
import { Bodies } from "./downstream/bodies.ts";
import type { DownstreamContext } from "./downstream/context.ts";
import { createHttp } from "./downstream/http.ts";
import type { RestContext } from "./downstream/rest/context.ts";
import { IdempotencyStore } from "./downstream/rest/idempotency.ts";
import { MintedIds } from "./downstream/rest/minted-ids.ts";
import { SchemaValidator } from "./downstream/rest/checks/validator.ts";
import type { DocumentSettings } from "./downstream/openapi/documents.ts";
import { StreamCare, type StreamLimits } from "./downstream/stream-care.ts";
import { Origins } from "./downstream/origins.ts";
import { Redactor } from "./lib/redactor.ts";
import { durationMs, sizeBytes } from "./lib/units.ts";
import { REDACTED_KEYS, type Level } from "./observability/config.ts";
import { Health } from "./observability/health.ts";
import { logEvents } from "./observability/log-events.ts";
import type { LogOutput } from "./observability/log-output.ts";
import { createLog, type Log } from "./observability/logger.ts";
import { GatewayError } from "./protocol/errors.ts";
import type { Events } from "./protocol/events.ts";
import type { ToolCatalog } from "./protocol/tool.ts";
import type { Connect } from "./protocol/upstream.ts";
import { Sessions } from "./session/sessions.ts";
import { SessionToolCatalog } from "./session/tool-catalog.ts";
import type { ServerEntry, UpstreamContext } from "./upstream/kind.ts";
import { upstreamKinds } from "./upstream/kinds.ts";
import { Descriptors } from "./upstream/descriptors.ts";
import { Population } from "./upstream/population.ts";
import { Reaper } from "./upstream/reaper.ts";
import { StartGate } from "./upstream/start-gate.ts";

export interface GatewayOptions {
  /** Of the gateway itself, as it introduces itself to servers. */
  readonly version: string;
  readonly loaded: LoadedConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly logOutput: LogOutput;
}

/** The composition root: every room's part is made here, once, from the config. */
export class Gateway {
  readonly log: Log;
  readonly servers: readonly ServerEntry[];
  readonly authenticates: boolean;
  readonly config: Config;
  readonly catalog: ToolCatalog;
  readonly documents: DocumentSettings;
  readonly descriptors = new Descriptors();
  readonly #health = new Health();
  readonly #reaper: Reaper;
  readonly #sessions: Sessions;
  readonly #validator: SchemaValidator;
  readonly #http: Server;

  constructor({ loaded, env, logOutput, version }: GatewayOptions) {
    const { config, secrets } = loaded;
    this.config = config;
    const level = config.logging.level ?? config.debug.level ?? "info";
    const redactor = new Redactor([...REDACTED_KEYS, ...config.logging.redactKeys], secrets);
    const colors = logOutput.isTerminal && env["NO_COLOR"] === undefined;
    this.log = createLog({ level, format: config.logging.format, redactor, output: logOutput, colors });
    const events = eventsFor(level, this.log);
    this.#reaper = new Reaper(events.emit);
    this.servers = serverEntries(config, {
      ...upstreamLimits(config),
      emit: events.emit,
      redactor,
      reaper: this.#reaper,
      descriptors: this.descriptors,
      gatewayEnv: env,
      exposeStderr: config.rest.exposeStderr,
    });
    const onToolsChanged = (server: string): void => catalog.changed(server);
    this.#sessions = new Sessions({
      connect: connectTo(this.servers),
      limits: sessionLimits(config),
      events,
      onToolsChanged,
    });
    const catalog = new SessionToolCatalog({
      sessions: this.#sessions,
      clientVersion: version,
      maxAgeMs: durationMs(config.rest.catalogAge),
    });
    const gate = new Gate(configuredAuthenticators(config.auth));
    this.authenticates = gate.authenticates;
    const names = this.servers.map((server) => server.name);
    const calls = new Map(this.servers.map((server) => [server.name, server.calls]));
    const common = downstreamContext(config, { doorkeeper: gate, sessions: this.#sessions, events }, names);
    const rest = restParts(config, events);
    this.#validator = rest.validator;
    this.catalog = catalog;
    this.documents = documentSettings(config);
    const context = {
      ...common,
      ...rest,
      callsOf: (name: string) => calls.get(name) ?? NO_OWN_CALLS,
      catalog,
      serverNames: names,
      clientVersion: version,
      documents: this.documents,
      documentsArePublic: config.openapi.public,
      publicUrl: config.publicUrl,
      toYaml,
    };
    this.#http = createHttp({
      context,
      origins: new Origins({ ...config, authenticates: gate.authenticates }),
      health: this.#health,
      maxConnections: this.descriptors.connections(MAX_CONNECTIONS),
    });
  }

  /** Starts the clocks of sessions, without which no deadline ends. Part of `start`; alone for who only lists tools. */
  watchTime(): void {
    this.#sessions.start();
  }

  /** Resolves with the address once the socket listens; rejects when it cannot be bound. */
  async start(): Promise<AddressInfo> {
    const { hostname, port } = this.config;
    await new Promise<void>((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(port, hostname, () => {
        this.#http.off("error", reject);
        resolve();
      });
    });
    this.watchTime();
    for (const server of this.servers) server.open();
    this.#health.state = "ready";
    const address = this.#http.address();
    if (address === null || typeof address === "string") throw new Error("the socket has no address");
    return address;
  }

  /** Not ready → no new connections → running work gets some time → streams closed, servers ended. Nothing is left then. */
  async stop(): Promise<void> {
    this.#health.state = "draining";
    const closed = new Promise((resolve) => this.#http.close(resolve));
    const unused = Promise.all(this.servers.map((server) => server.close()));
    await this.#sessions.drain(durationMs(this.config.limits.drain) - ENDING_MS);
    await unused;
    this.#http.closeIdleConnections();
    const cut = setTimeout(() => this.#http.closeAllConnections(), LAST_ANSWERS_MS);
    await closed;
    clearTimeout(cut);
    this.#validator.close();
    this.#reaper.close();
  }
}

const MAX_CONNECTIONS = 2_048;
const NO_OWN_CALLS = { timeoutMs: undefined, serial: false };
/** What ending a server that obeys nothing but SIGKILL takes (2 s + 3 s), with some room. */
const ENDING_MS = 7_000;
/** With every session over, a request that still runs has only to write its refusal. */
const LAST_ANSWERS_MS = 500;

function eventsFor(level: Level, log: Log): Events {
  return {
    emit: logEvents(log),
    tracing: level === "verbose",
    exchanges: level === "verbose" || level === "debug",
    logsRequests: level === "verbose" || level === "debug",
  };
}

function serverEntries(config: Config, context: UpstreamContext): ServerEntry[] {
  return Object.entries(config.servers).map(([name, entry]) => {
    const { type = "stdio" } = entry;
    const kind = upstreamKinds.find((candidate) => candidate.type === type);
    if (kind === undefined) throw new Error(`no upstream kind for server "${name}"`);
    return kind.entry(name, entry, context);
  });
}

function connectTo(servers: readonly ServerEntry[]): Connect {
  const byName = new Map(servers.map((server) => [server.name, server]));
  return (label, listener) => {
    const server = byName.get(label.server);
    if (server === undefined) throw new GatewayError("server_not_found", "No such server.");
    return server.connect(label, listener);
  };
}

function upstreamLimits({
  limits,
}: Config): Pick<UpstreamContext, "messageBytes" | "queueBytes" | "crashLoop" | "startGate" | "population"> {
  return {
    messageBytes: sizeBytes(limits.messageBytes),
    queueBytes: sizeBytes(limits.queueBytes),
    crashLoop: limits.crashLoop,
    startGate: new StartGate({
      perSecond: limits.startsPerSecond,
      burst: limits.startBurst,
      startingPerServer: limits.startingPerServer,
      queueMs: durationMs(limits.startQueue),
    }),
    population: new Population({ all: limits.sessions, perServer: limits.sessionsPerServer }),
  };
}

function sessionLimits({ limits, rest }: Config): ConstructorParameters<typeof Sessions>[0]["limits"] {
  return {
    sessions: limits.sessions,
    sessionsPerServer: limits.sessionsPerServer,
    sessionsPerPrincipal: limits.sessionsPerPrincipal,
    inFlight: limits.inFlight,
    idleMs: durationMs(limits.idle),
    restIdleMs: durationMs(rest.idle),
    startMs: durationMs(limits.start),
    requestMs: durationMs(limits.request),
    requestMaxMs: durationMs(limits.requestMax),
  };
}

function downstreamContext(
  { limits, publicUrl }: Config,
  parts: Pick<DownstreamContext, "doorkeeper" | "sessions" | "events">,
  serverNames: readonly string[],
): DownstreamContext {
  const names = new Set(serverNames);
  return {
    ...parts,
    hasServer: (name) => names.has(name),
    streams: new StreamCare(streamLimits(limits), parts.events.emit),
    bodies: new Bodies({ bodyBytes: sizeBytes(limits.bodyBytes), bodiesBytes: sizeBytes(limits.bodiesBytes) }),
    publicPath: publicUrl === undefined ? undefined : new URL(publicUrl).pathname.replace(/\/$/, ""),
    limits: {
      stallMs: durationMs(limits.stall),
      replay: { events: limits.replayEvents, bytes: sizeBytes(limits.replayBytes) },
    },
  };
}

function streamLimits(limits: Config["limits"]): StreamLimits {
  return {
    bufferBytes: sizeBytes(limits.streamBytes),
    stallMs: durationMs(limits.stall),
    heartbeatMs: durationMs(limits.heartbeat),
  };
}

function restParts(
  { rest, limits }: Config,
  { emit }: Events,
): Pick<RestContext, "settings" | "idempotency" | "minted" | "validator"> {
  const idleMs = durationMs(rest.idle);
  return {
    settings: {
      timeoutMs: durationMs(rest.timeout),
      maxTimeoutMs: durationMs(limits.requestMax),
      idleMs,
      oneshot: rest.sessionless === "oneshot",
      onlyMinted: rest.sessionCreate === "explicit",
      implicitSession: rest.implicitSession,
      toolErrorsAsHttp: rest.toolErrors === "http",
      validateInput: rest.validateInput,
      validateOutput: rest.validateOutput,
      maxResponseChars: rest.maxResponseChars,
      exposeStderr: rest.exposeStderr,
      inFlight: limits.inFlight,
    },
    idempotency: new IdempotencyStore({ maxAgeMs: durationMs(rest.replayAge), bytes: sizeBytes(rest.replayBytes) }),
    minted: new MintedIds(idleMs),
    validator: new SchemaValidator(emit),
  };
}

function documentSettings({ openapi, rest, auth }: Config): DocumentSettings {
  const isOptional = rest.sessionless === "oneshot" || rest.implicitSession.length > 0;
  return {
    security: configuredAuthenticators(auth).map(({ scheme }) => scheme),
    sessionParameter: isOptional ? "optional" : "required",
    info: {
      title: openapi.title,
      version: openapi.version,
      ...(openapi.description !== undefined && { description: openapi.description }),
    },
  };
}
