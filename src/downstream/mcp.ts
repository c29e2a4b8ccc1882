import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayError } from "../protocol/errors.ts";
import type { Principal } from "../protocol/principal.ts";
import { callerHeadersOf } from "./caller-headers.ts";
import { RESERVED_NAMES } from "./config.ts";
import type { DownstreamContext, Visit } from "./context.ts";
import { credentialsOf } from "./credentials.ts";
import { unknownServer } from "./did-you-mean.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { serverPaths } from "./served.ts";
import { SseDownstream } from "./sse.ts";
import { StreamableDownstream } from "./streamable/streamable.ts";
import { mcpTarget, type McpTarget } from "./target.ts";

/**
 * The routes of every server: `/<server>`, `/<server>/mcp`, `/<server>/sse`. Authentication comes first, so that unauthenticated
 * callers cannot find out which servers exist.
 */
export function mcpRoute(context: DownstreamContext): Route<McpTarget> {
  const sse = new SseDownstream(context);
  const streamable = new StreamableDownstream(context);
  const reserved = new Set(RESERVED_NAMES);

  const serve = (
    request: IncomingMessage,
    response: ServerResponse,
    target: McpTarget,
    principal: Principal,
  ): Promise<void> | void => {
    if (!context.hasServer(target.server)) {
      throw unknownServer(target.server, context.serverNames, `The servers are at ${serverPaths(request, context)}.`);
    }
    const caller = callerHeadersOf(request, context.callerHeaders);
    const visit: Visit = { requestId: requestIdOf(response), principal, server: target.server, caller };

    const hasSession = request.headers["mcp-session-id"] !== undefined;
    const speaksStreamable = target.endpoint !== "sse";

    switch (request.method) {
      case "POST":
        if (target.sessionId !== undefined && target.endpoint !== "mcp") {
          return sse.post(request, response, visit, target.sessionId);
        }
        if (speaksStreamable) return streamable.post(request, response, visit);
        break;
      case "GET":
        if (speaksStreamable && hasSession) streamable.listen(request, response, visit);
        else if (target.endpoint !== "mcp") sse.open(request, response, visit, target.path);
        else break;
        return;
      case "DELETE":
        if (!speaksStreamable) break;
        streamable.delete(request, response, visit);
        return;
      default:
    }
    throw wrongMethod(request, target);
  };

  const serveLater = async (
    request: IncomingMessage,
    response: ServerResponse,
    target: McpTarget,
    admitted: Promise<Principal>,
  ): Promise<void> => serve(request, response, target, await admitted);

  return {
    match: ({ url = "" }) => {
      const target = mcpTarget(url);
      // Server names contain no dot; files such as openapi.gpt.json do.
      const isOurs = target !== undefined && !reserved.has(target.server) && !target.server.includes(".");
      return isOurs ? target : undefined;
    },
    serve: (request, response, target) => {
      // Clients probe with HEAD, which must neither start a server nor look like an authentication failure.
      if (request.method === "HEAD") throw wrongMethod(request, target);
      const admitted = context.gate.admit(credentialsOf(request));
      if (admitted instanceof Promise) return serveLater(request, response, target, admitted);
      return serve(request, response, target, admitted);
    },
    errorWriter: () => writeRpcError,
  };
}

function wrongMethod(request: IncomingMessage, target: McpTarget): GatewayError {
  return methodNotAllowed(request.method, allowedMethods(request, target));
}

/** There is no stream to GET at `/mcp` before there is a session, and nothing to POST at `/sse`. */
function allowedMethods({ headers }: IncomingMessage, { endpoint, sessionId }: McpTarget): string {
  if (endpoint === "sse") return sessionId === undefined ? "GET" : "GET, POST";
  const isStreamless = endpoint === "mcp" && headers["mcp-session-id"] === undefined;
  return isStreamless ? "POST, DELETE" : "GET, POST, DELETE";
}
