import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { nanoid } from "nanoid";
import { toGatewayError } from "../protocol/errors.ts";
import { guarded } from "../protocol/events.ts";
import type { Health } from "../observability/health.ts";
import type { DownstreamContext } from "./context.ts";
import { answerPreflight, shareWithOrigin } from "./cors.ts";
import { answerError } from "./errors.ts";
import { healthRoute } from "./health.ts";
import { inTurn } from "./in-turn.ts";
import { mcpRoute } from "./mcp.ts";
import type { DocumentContext } from "./openapi/routes.ts";
import { LazyPages } from "./lazy-pages.ts";
import type { Origins } from "./origins.ts";
import { publicPrefix } from "./public-path.ts";
import { requestIdOf } from "./request-id.ts";
import type { RestContext } from "./rest/context.ts";
import { writeProblem } from "./rest/problem.ts";
import { restRoute } from "./rest/rest.ts";
import { pathOf } from "./target.ts";
import { refuseTunnel, refuseWebSocket } from "./tunnels.ts";

export interface HttpOptions {
  readonly context: RestContext & DocumentContext;
  readonly origins: Origins;
  readonly health: Health;
  /** How many may be open at once; more are closed as they come. */
  readonly maxConnections: number;
}

/** Takes a request on, with a promise where that can fail later; undefined when its path is not one of this route's. */
export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | "taken" | undefined;

/** node's own limits against slow and greedy peers; the defaults leave a socket 300 s for one request. */
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

export function createHttp({ context, origins, health, maxConnections }: HttpOptions): Server {
  const refuse = lastResort(context);
  const pages = new LazyPages(context, refuse);
  const routes = [mcpRoute(context), restRoute(context), healthRoute(health), pages.route];
  const server = createServer(
    SERVER_OPTIONS,
    inTurn(context.events.emit, listener(edge(context, origins), routes, refuse)),
  );
  const { emit } = context.events;
  server.on("connect", (_request, socket) =>
    guarded(emit, "a CONNECT could not be refused", () => refuseTunnel(socket)),
  );
  server.once("listening", () => {
    // From here on an error is one connection that could not be taken on.
    server.on("error", (cause) => emit({ type: "trouble", what: "a connection could not be accepted", cause }));
    void loadTheRest(pages, context);
  });
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MAX_HEADERS;
  return server;
}

/**
 * What every request meets first; then the routes of MCP and REST on bare node, because Express costs more than all the rest of
 * a small call; then the Express app with everything else.
 */
function listener(enter: ReturnType<typeof edge>, routes: readonly Route[], refuse: Refuse): RequestListener {
  return (request, response) => {
    try {
      request.url = originForm(request.url ?? "");
      if (!enter(request, response)) return;
      for (const route of routes) {
        const served = route(request, response);
        if (served === undefined) continue;
        if (served !== "taken") served.catch((thrown: unknown) => refuse(thrown, request, response));
        return;
      }
    } catch (thrown) {
      refuse(thrown, request, response);
    }
  };
}

/** `http://host/path`, as a proxy may ask, is the same as `/path` (RFC 9112 §3.2.2). */
function originForm(url: string): string {
  if (url.startsWith("/") || !URL.canParse(url)) return url;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** Request id, Host and Origin, CORS, and the line about it in the log. False when that was all. */
function edge({ events }: DownstreamContext, origins: Origins) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const requestId = givenId(request) ?? nanoid(12);
    response.setHeader("X-Request-Id", requestId);
    if (events.logsRequests) {
      const startedAt = performance.now();
      const { method = "", url = "" } = request;
      response.once("close", () => {
        const ms = performance.now() - startedAt;
        guarded(events.emit, "a request could not be logged", () =>
          events.emit({ type: "request", requestId, method, path: pathOf(url), status: response.statusCode, ms }),
        );
      });
    }
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

/** What is loaded late is loaded right after the start, not at a bad moment: without descriptors left, or after an update. */
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

/** Answers a request that failed. */
export type Refuse = (thrown: unknown, request: IncomingMessage, response: ServerResponse) => void;

/** Here callers expect problem bodies; on all other paths they speak JSON-RPC. */
const PROBLEM_PATHS = /^\/(?:api|docs|problems)(?:\/|$)|^\/openapi\./;

function lastResort({ events, settings, publicPath }: RestContext): Refuse {
  const answer: Refuse = (thrown, request, response) => {
    const error = toGatewayError(thrown);
    const requestId = requestIdOf(response);
    const { method = "", url = "" } = request;
    const path = pathOf(url);
    events.emit({ type: "refused", requestId, method, path, error });
    if (!PROBLEM_PATHS.test(path)) return answerError(response, error, error.details.rpcId);
    const { exposeStderr } = settings;
    const prefix = publicPrefix(request, publicPath);
    writeProblem(response, error, { requestId, accept: request.headers.accept, exposeStderr, publicPrefix: prefix });
  };
  return (thrown, request, response) => {
    guarded(events.emit, "a refusal could not be written", () => answer(thrown, request, response));
    // Nobody is left waiting for what could not be written.
    if (!response.headersSent) response.destroy();
  };
}
