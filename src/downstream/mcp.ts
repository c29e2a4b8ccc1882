import type { NextFunction, Request, RequestHandler, Response } from "express";
import { GatewayError } from "../protocol/errors.ts";
import { RESERVED_NAMES } from "./config.ts";
import type { DownstreamContext, Visit } from "./context.ts";
import { SseDownstream } from "./sse.ts";
import { mcpTarget, type McpTarget } from "./target.ts";

/**
 * The routes of every server: `/<server>`, `/<server>/mcp`, `/<server>/sse`. Authentication comes before anything that would
 * tell a stranger whether a server exists.
 */
export function mcpRoutes(context: DownstreamContext): RequestHandler {
  const sse = new SseDownstream(context);
  const reserved = new Set(RESERVED_NAMES);

  return async (request: Request, response: Response, next: NextFunction) => {
    const target = mcpTarget(request.url);
    if (target === undefined || reserved.has(target.server)) return next();
    // Clients probe with HEAD; it must neither start a server nor look like a refusal of credentials.
    if (request.method === "HEAD") throw wrongMethod(request, target);
    const principal = context.doorkeeper.admit({ authorization: request.headers.authorization });
    if (!context.hasServer(target.server)) throw new GatewayError("server_not_found", "No such server.");
    const visit: Visit = { requestId: response.locals["requestId"], principal, server: target.server };

    if (request.method === "GET" && target.face !== "mcp") return sse.open(request, response, visit, target.path);
    if (request.method === "POST" && target.sessionId !== undefined && target.face !== "mcp") {
      return sse.post(request, response, visit, target.sessionId);
    }
    if (request.method === "POST" && target.face === "dual") {
      throw new GatewayError("session_required", "POST to the endpoint that the event stream announced.");
    }
    throw wrongMethod(request, target);
  };
}

function wrongMethod({ method }: Request, { face }: McpTarget): GatewayError {
  const allow = face === "sse" ? "GET" : "GET, POST";
  return new GatewayError("method_not_allowed", `${method} is not allowed here.`, { allow });
}
