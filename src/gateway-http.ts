import { scraperGate } from "./access/scraper-gate.ts";
import { ROOT, type Aggregates } from "./aggregate/aggregates.ts";
import type { Config } from "./config/schema.ts";
import { toYaml } from "./config/yaml.ts";
import { Bodies } from "./downstream/bodies.ts";
import { downstreamLimits } from "./downstream/config.ts";
import type { DownstreamContext } from "./downstream/context.ts";
import { createHttp, type Http, type HttpOptions } from "./downstream/http.ts";
import type { DocumentSettings } from "./downstream/openapi/documents.ts";
import { Origins } from "./downstream/origins.ts";
import { PublicPath } from "./downstream/public-path.ts";
import type { SchemaValidator } from "./downstream/rest/checks/validator.ts";
import { restParts } from "./downstream/rest/config.ts";
import { StreamCare } from "./downstream/stream-care.ts";
import { TrustedProxies } from "./downstream/trusted-proxies.ts";
import { Visibility } from "./downstream/visibility.ts";
import type { GatewayAccess } from "./gateway-access.ts";
import { gatewayConsole, type GatewayConsoleOptions } from "./gateway-console.ts";
import type { GatewaySessions } from "./gateway-sessions.ts";
import type { Health } from "./observability/health.ts";
import type { Observation } from "./observability/observation.ts";
import type { Descriptors } from "./upstream/descriptors.ts";
import type { Servers } from "./upstream/servers.ts";

export interface GatewayHttpOptions {
  readonly config: Config;
  readonly servers: Servers;
  readonly aggregates: Aggregates;
  readonly access: GatewayAccess;
  readonly sessions: GatewaySessions;
  readonly observation: Observation;
  readonly health: Health;
  readonly documents: DocumentSettings;
  readonly validator: SchemaValidator;
  readonly descriptors: Descriptors;
  readonly console: Pick<GatewayConsoleOptions, "version" | "redactor">;
}

const MAX_CONNECTIONS = 2_048;

/** Everything that clients, scrapers and load balancers can ask over HTTP. */
export function gatewayHttp(options: GatewayHttpOptions): Http {
  const { config, servers, aggregates, sessions, observation } = options;
  const { gate, tokens } = options.access;
  const common = downstreamContext(options);
  const context = {
    ...common,
    ...restParts(config.rest, config.limits),
    validator: options.validator,
    callsOf: (name: string) => aggregates.callsOf(name) ?? servers.get(name).settings,
    catalog: sessions.catalog,
    client: sessions.client,
    documents: options.documents,
    documentsArePublic: config.openapi.public,
    publicUrl: config.publicUrl,
    console: gatewayConsole({ ...options, ...options.console }, common),
    tokens,
    toYaml,
  };
  return createHttp({
    context,
    origins: new Origins({ ...config, authenticates: gate.authenticates }),
    health: options.health,
    servers: () => observation.servers(),
    metrics: metricsAccess(options, common.visibility),
    maxConnections: options.descriptors.connections(MAX_CONNECTIONS),
  });
}

function downstreamContext({
  config,
  servers,
  aggregates,
  access,
  sessions,
  observation,
}: GatewayHttpOptions): DownstreamContext {
  const { publicUrl, trustedProxies } = config;
  const { gate, policy, oversight, admission } = access;
  const { events } = observation;
  const { streams, bodies, replay } = downstreamLimits(config.limits);
  return {
    events,
    gate,
    hasQuotas: oversight.limits !== undefined,
    admission,
    visibility: new Visibility(policy, servers.names, { groups: aggregates.groups, unlisted: [ROOT] }),
    sessions: sessions.table,
    modern: sessions.modern,
    callerHeaders: servers.callerHeaders,
    streams: new StreamCare(streams, events.emit),
    bodies: new Bodies(bodies),
    replay,
    trustedProxies: trustedProxies.length === 0 ? undefined : new TrustedProxies(trustedProxies),
    publicPath:
      publicUrl === undefined ? undefined : new PublicPath(publicUrl, [...servers.names, ...aggregates.groups]),
  };
}

/** Metrics name every server, so callers read them only if they see every server; scrapers have access of their own. */
function metricsAccess(
  { config, servers, access: { gate: callers }, observation: { metrics } }: GatewayHttpOptions,
  visibility: Visibility,
): HttpOptions["metrics"] {
  if (metrics === undefined) return undefined;
  const gate = scraperGate(config.metrics, callers, config.limits.failedLogins);
  return {
    metrics,
    hasOwnPort: config.metrics.port !== undefined,
    gate,
    mayRead: (principal) => gate !== callers || servers.names.every((name) => visibility.sees(principal, name)),
  };
}
