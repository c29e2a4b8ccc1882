import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { GatewayError } from "../protocol/errors.ts";
import { consoleRoutes } from "./console/console-routes.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { problemRoutes } from "./docs/problem-routes.ts";
import type { DocumentContext } from "./openapi/context.ts";
import { documentRoutes } from "./openapi/routes.ts";
import { DOCUMENT_FILES } from "./openapi/target.ts";
import type { ErrorWriter } from "./refusals.ts";
import { problemWriter } from "./rest/problem.ts";
import type { Edge } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { servedInstead } from "./served.ts";

/** The Express app: OpenAPI documents, HTML pages, and 404 for everything else. */
export function createPages(context: DocumentContext, { enter, refuse }: Edge): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.set("query parser", "simple");

  app.use((request, response, next) => {
    if (enter(request, response)) next();
  });
  app.use(
    documentRoutes(context),
    docsRoutes(context),
    problemRoutes(context),
    consoleRoutes(context),
    nothingHere(context),
  );

  const failed = (write: ErrorWriter<Request, Response>): ErrorRequestHandler => {
    return (thrown, request, response, _next) => refuse(inOurWords(thrown), request, response, write);
  };
  app.use(["/api", "/console", "/docs", "/problems", ...filesAtTheRoot()], failed(problemWriter(context)));
  app.use(failed(writeRpcError));
  return app;
}

function nothingHere(context: DocumentContext): RequestHandler {
  return async (request) => {
    const instead = await servedInstead(request, context);
    throw new GatewayError("not_found", `Nothing is served at ${request.path.slice(0, 100)}. ${instead}`);
  };
}

const filesAtTheRoot = (): string[] => [...DOCUMENT_FILES.keys()].map((file) => `/${file}`);

/** Translates errors of Express and its static file server, which carry a status. */
function inOurWords(thrown: unknown): unknown {
  if (thrown instanceof GatewayError) return thrown;
  const status = thrown instanceof Error && "status" in thrown ? thrown.status : undefined;
  if (status === 400) return new GatewayError("invalid_request", "The path contains an invalid percent escape.");
  if (status === 412) return new GatewayError("precondition_failed", "The file has changed.");
  return thrown;
}
