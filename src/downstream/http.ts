import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { nanoid } from "nanoid";
import { guarded, type Events } from "../protocol/events.ts";
import type { Health } from "../observability/health.ts";
import type { ServerReport } from "../observability/server-report.ts";
import { accepts } from "./accept.ts";
import { Connections } from "./connections.ts";
import type { Console } from "./console/console.ts";
import { answerPreflight, shareWithOrigin } from "./cors.ts";
import { pageErrorWriter } from "./docs/error-page.ts";
import { healthRoute, serverHealthRoute } from "./health.ts";
import { inTurn } from "./in-turn.ts";
import { mcpRoute } from "./mcp.ts";
import { metricsRoute, type MetricsAccess } from "./metrics-route.ts";
import { MetricsServer } from "./metrics-server.ts";
import type { DocumentContext } from "./openapi/context.ts";
import { LazyPages } from "./lazy-pages.ts";
import { oauthProbes } from "./oauth-probes.ts";
import type { Origins } from "./origins.ts";
import type { PublicPath } from "./public-path.ts";
import { refusals } from "./refusals.ts";
import { metadataUrlOf, resourceMetadata } from "./resource-metadata.ts";
import type { RestContext } from "./rest/context.ts";
import { restRoute } from "./rest/rest.ts";
import { mount, type Edge, type Enter, type Take } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { pathOf } from "./target.ts";
import { refuseTunnel, refuseWebSocket } from "./tunnels.ts";

export interface HttpOptions {
  readonly context: RestContext & DocumentContext;
  readonly origins: Origins;
  readonly health: Health;
  /** How each server is. */
  readonly servers: () => readonly ServerReport[];
  /** Undefined when they are off. */
  readonly metrics: (MetricsAccess & { readonly hasOwnPort: boolean }) | undefined;
  /** Maximum number of open connections; further ones are closed immediately. */
  readonly maxConnections: number;
}

/** Node's own limits against slow and greedy peers; by default a request may take 300 s. */
const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  noDelay: true,
};
const MAX_HEADERS = 200;

export interface Http {
  readonly server: Server;
  readonly connections: Connections;
  /** The listener for metrics alone; undefined when they have no port of their own. */
  readonly metricsServer: MetricsServer | undefined;
  /** Undefined when it is off. */
  readonly console: Console | undefined;
}

export function createHttp({ context, origins, health, maxConnections, ...options }: HttpOptions): Http {
  const { emit } = context.events;
  const { trustedProxies } = context;
  const addressOf = trustedProxies && ((request: IncomingMessage) => trustedProxies.clientOf(request));
  const refuse = refusals(emit, pageErrorWriter(context), metadataUrlOf(context), addressOf);
  const edge = { enter: entrance(origins), refuse };
  const pages = new LazyPages(context, edge);
  const mcp = mcpRoute(context);
  const takes = [
    mount(mcp, edge),
    mount(restRoute(context), edge),
    mount(healthRoute(health), edge),
    mount(resourceMetadata(context), edge),
    mount(serverHealthRoute(context, options.servers), edge),
    mount(oauthProbes(context.documents.security, context.tokens), edge),
  ];
  const { metrics } = options;
  const metricsTake = metrics && mount(metricsRoute(metrics, context), edge);
  if (metricsTake !== undefined && metrics?.hasOwnPort === false) takes.push(metricsTake);
  const metricsServer =
    metricsTake !== undefined && metrics?.hasOwnPort === true
      ? new MetricsServer([metricsTake, mount(healthRoute(health), edge)], edge, emit)
      : undefined;
  const { events, publicPath } = context;
  const server = createServer(SERVER_OPTIONS);
  const connections = new Connections(server, emit);
  const opensStream = (request: IncomingMessage): boolean => wantsEvents(request) || mcp.match(request) !== undefined;
  server.on("request", inTurn(emit, listener({ events, edge, takes, pages, connections, opensStream, publicPath })));
  server.on("connect", (_request, socket) =>
    guarded(emit, "a CONNECT could not be refused", () => refuseTunnel(socket)),
  );
  server.once("listening", () => {
    // Once listening, an error concerns a single connection that could not be accepted.
    server.on("error", (cause) => emit({ type: "trouble", what: "a connection could not be accepted", cause }));
    void loadTheRest(pages, context);
  });
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MAX_HEADERS;
  return { server, connections, metricsServer, console: context.console };
}

interface Listening {
  readonly events: Events;
  readonly edge: Edge;
  readonly takes: readonly Take[];
  readonly pages: LazyPages;
  readonly connections: Connections;
  readonly opensStream: (request: IncomingMessage) => boolean;
  readonly publicPath: PublicPath | undefined;
}

/**
 * MCP, REST and health are served without Express, which costs more than the rest of a small call; everything else is served by
 * the Express app.
 */
function listener(listening: Listening): RequestListener {
  const { events, edge, takes, pages, connections, opensStream, publicPath } = listening;
  return (request, response) => {
    try {
      request.url = originForm(request.url ?? "");
      publicPath?.takeOff(request);
      if (!connections.take(request, response, opensStream)) return;
      identify(request, response, events);
      for (const take of takes) if (take(request, response)) return;
      void pages.serve(request, response);
    } catch (thrown) {
      edge.refuse(thrown, request, response, writeRpcError);
    }
  };
}

function wantsEvents({ headers: { accept } }: IncomingMessage): boolean {
  return accept !== undefined && accept.includes("text/event-stream") && accepts(accept, "text/event-stream");
}

/** The absolute form `http://host/path`, as sent to proxies, is equivalent to `/path` (RFC 9112 §3.2.2). */
function originForm(url: string): string {
  if (url.startsWith("/") || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Assigns the request id. If requests are logged or traced, the request is reported when it is finished. */
function identify(request: IncomingMessage, response: ServerResponse, events: Events): void {
  const requestId = givenId(request) ?? nanoid(12);
  response.setHeader("X-Request-Id", requestId);
  const { logsRequests, spans, emit } = events;
  if (!logsRequests && spans === undefined) return;
  const startedAt = performance.now();
  const { method = "", url = "", headers } = request;
  const path = pathOf(url);
  const endSpan = spans?.request({ requestId, method, path, headers });
  response.once("close", () => {
    const ms = performance.now() - startedAt;
    const status = response.statusCode;
    endSpan?.(status);
    if (!logsRequests) return;
    guarded(emit, "a request could not be logged", () =>
      emit({ type: "request", requestId, method, path, status, ms }),
    );
  });
}

/** Checks Host and Origin, adds CORS headers, and refuses WebSocket upgrades. */
function entrance(origins: Origins): Enter {
  return (request, response) => {
    origins.check(request);
    shareWithOrigin(request, response);
    refuseWebSocket(request, response);
    return !answerPreflight(request, response);
  };
}

const REQUEST_ID = /^[A-Za-z0-9._~-]{8,64}$/;

function givenId({ headers }: IncomingMessage): string | undefined {
  const given = headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : undefined;
}

/**
 * Loads lazy modules right after the start, rather than when they are first needed: by then there may be no file descriptors
 * left, or an update may have replaced the files.
 */
async function loadTheRest(pages: LazyPages, { validator, events }: RestContext): Promise<void> {
  try {
    await pages.load();
    await validator.load();
  } catch (cause) {
    events.emit({
      type: "trouble",
      what: "a part of the gateway could not be loaded; it is tried again when it is needed",
      cause,
    });
  }
}
