import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import { GatewayError } from "../protocol/errors.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { problemRoutes } from "./docs/problem-routes.ts";
import type { Refuse } from "./http.ts";
import { documentRoutes, type DocumentContext } from "./openapi/routes.ts";

/** The Express app: the OpenAPI documents, the pages for people, and what nothing is served at. */
export function createPages(context: DocumentContext, refuse: Refuse): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(documentRoutes(context));
  app.use(docsRoutes(context));
  app.use(problemRoutes(context));
  app.use((request: Request) => {
    throw new GatewayError("not_found", `Nothing is served at ${request.path.slice(0, 100)}.`);
  });
  const failed: ErrorRequestHandler = (thrown, request, response, _next) => refuse(thrown, request, response);
  app.use(failed);
  return app;
}
