import type { Server } from "node:http";
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from "express";
import { nanoid } from "nanoid";
import { GatewayError, toGatewayError } from "../protocol/errors.ts";
import type { Health } from "../observability/health.ts";
import { bornExpress } from "./born.ts";
import type { DownstreamContext } from "./context.ts";
import { answerPreflight, shareWithOrigin } from "./cors.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { problemRoutes } from "./docs/problem-routes.ts";
import { answerError } from "./errors.ts";
import { healthRoutes } from "./health.ts";
import { mcpRoutes } from "./mcp.ts";
import { documentRoutes, type DocumentContext } from "./openapi/routes.ts";
import type { RestContext } from "./rest/context.ts";
import { writeProblem } from "./rest/problem.ts";
import { restRoutes } from "./rest/rest.ts";
import type { Origins } from "./origins.ts";

export interface HttpOptions {
  readonly context: RestContext & DocumentContext;
  readonly origins: Origins;
  readonly health: Health;
}

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

/** The Express app: what every request meets first, then the routes, the busiest before the others. */
export function createHttp(options: HttpOptions): Server {
  const { app, server } = bornExpress(SERVER_OPTIONS);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  route(app, options);
  return server;
}

function route(app: Express, { context, origins, health }: HttpOptions): void {
  app.use(edge(context, origins));
  app.use(mcpRoutes(context));
  app.use(documentRoutes(context));
  app.use(restRoutes(context));
  app.use(healthRoutes(health));
  app.use(docsRoutes(context));
  app.use(problemRoutes());
  app.use((request: Request) => {
    throw new GatewayError("not_found", `Nothing is served at ${request.path.slice(0, 100)}.`);
  });
  app.use(lastResort(context));
}

const REQUEST_ID = /^[A-Za-z0-9._~-]{8,64}$/;

/** Request id, Host and Origin, CORS, and the line about it in the log: one function, because each middleware costs. */
function edge({ events }: DownstreamContext, origins: Origins) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const given = request.headers["x-request-id"];
    const requestId = typeof given === "string" && REQUEST_ID.test(given) ? given : nanoid(12);
    response.locals["requestId"] = requestId;
    response.setHeader("X-Request-Id", requestId);
    if (events.logsRequests) {
      const startedAt = performance.now();
      const { method, path } = request;
      response.once("close", () => {
        const ms = performance.now() - startedAt;
        events.emit({ type: "request", requestId, method, path, status: response.statusCode, ms });
      });
    }
    origins.check(request);
    shareWithOrigin(request, response);
    if (!answerPreflight(request, response)) next();
  };
}

/** Here callers expect problem bodies; on all other paths they speak JSON-RPC. */
const PROBLEM_PATHS = /^\/(?:api|docs|problems)(?:\/|$)|^\/openapi\./;

function lastResort({ events, settings }: RestContext): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    const error = toGatewayError(thrown);
    const requestId = String(response.locals["requestId"]);
    events.emit({ type: "refused", requestId, method: request.method, path: request.path, error });
    if (!PROBLEM_PATHS.test(request.path)) return answerError(response, error, error.details.rpcId);
    const { exposeStderr } = settings;
    writeProblem(response, error, { requestId, accept: request.headers.accept, exposeStderr });
  };
}
