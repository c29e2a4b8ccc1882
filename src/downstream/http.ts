import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { nanoid } from "nanoid";
import { toGatewayError } from "../protocol/errors.ts";
import type { Health } from "../observability/health.ts";
import type { DownstreamContext } from "./context.ts";
import { answerPreflight, shareWithOrigin } from "./cors.ts";
import { answerError } from "./errors.ts";
import { healthRoute } from "./health.ts";
import { mcpRoute } from "./mcp.ts";
import type { DocumentContext } from "./openapi/routes.ts";
import type { Origins } from "./origins.ts";
import { requestIdOf } from "./request-id.ts";
import type { RestContext } from "./rest/context.ts";
import { writeProblem } from "./rest/problem.ts";
import { restRoute } from "./rest/rest.ts";
import { pathOf } from "./target.ts";

export interface HttpOptions {
  readonly context: RestContext & DocumentContext;
  readonly origins: Origins;
  readonly health: Health;
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
const MAX_CONNECTIONS = 2_048;
const MAX_HEADERS = 200;

export function createHttp(options: HttpOptions): Server {
  const server = createServer(SERVER_OPTIONS, listener(options));
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  return server;
}

/**
 * What every request meets first; then the routes of MCP and REST on bare node, because Express costs more than all the rest of
 * a small call; then the Express app with everything else.
 */
function listener({ context, origins, health }: HttpOptions): RequestListener {
  const enter = edge(context, origins);
  const refuse = lastResort(context);
  const routes: readonly Route[] = [mcpRoute(context), restRoute(context), healthRoute(health), pages(context, refuse)];

  return (request, response) => {
    try {
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
        events.emit({ type: "request", requestId, method, path: pathOf(url), status: response.statusCode, ms });
      });
    }
    origins.check(request);
    shareWithOrigin(request, response);
    return !answerPreflight(request, response);
  };
}

const REQUEST_ID = /^[A-Za-z0-9._~-]{8,64}$/;

function givenId({ headers }: IncomingMessage): string | undefined {
  const given = headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : undefined;
}

/** Everything that is not busy. Loaded when it is first asked for: Express is a fifth of what a start would take. */
function pages(context: HttpOptions["context"], refuse: Refuse): Route {
  let app: Promise<RequestListener> | undefined;
  const load = async (): Promise<RequestListener> => (await import("./pages.ts")).createPages(context, refuse);

  return async (request, response) => {
    app ??= load();
    (await app)(request, response);
  };
}

/** Answers a request that failed. */
export type Refuse = (thrown: unknown, request: IncomingMessage, response: ServerResponse) => void;

/** Here callers expect problem bodies; on all other paths they speak JSON-RPC. */
const PROBLEM_PATHS = /^\/(?:api|docs|problems)(?:\/|$)|^\/openapi\./;

function lastResort({ events, settings }: RestContext): Refuse {
  return (thrown, request, response) => {
    const error = toGatewayError(thrown);
    const requestId = requestIdOf(response);
    const { method = "", url = "" } = request;
    const path = pathOf(url);
    events.emit({ type: "refused", requestId, method, path, error });
    if (!PROBLEM_PATHS.test(path)) return answerError(response, error, error.details.rpcId);
    const { exposeStderr } = settings;
    writeProblem(response, error, { requestId, accept: request.headers.accept, exposeStderr });
  };
}
