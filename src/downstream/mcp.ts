import type { IncomingMessage, ServerResponse } from "node:http";
import { MODERN_REVISION } from "../protocol/eras/modern.ts";
import type { GatewayError } from "../protocol/errors.ts";
import type { Principal } from "../protocol/principal.ts";
import { callerHeadersOf } from "./caller-headers.ts";
import { RESERVED_NAMES } from "./config.ts";
import type { DownstreamContext, Visit } from "./context.ts";
import { credentialsOf } from "./credentials.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { quotaWriter } from "./quota-headers.ts";
import { requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { serverPaths } from "./served.ts";
import { SseDownstream } from "./sse.ts";
import { StreamableDownstream } from "./streamable/streamable.ts";
import { mcpTarget, ROOT_PATHS, type McpTarget } from "./target.ts";

/**
 * The routes of every server: `/<server>`, `/<server>/mcp`, `/<server>/sse`. Authentication comes first, so that unauthenticated
 * callers cannot find out which servers exist.
 */
export function mcpRoute(context: DownstreamContext): Route<McpTarget> {
  const sse = new SseDownstream(context);
  const streamable = new StreamableDownstream(context);
  const reserved = new Set(RESERVED_NAMES.filter((name) => !ROOT_PATHS.some((path) => path === `/${name}`)));

  const serve = (
    request: IncomingMessage,
    response: ServerResponse,
    target: McpTarget,
    principal: Principal,
  ): Promise<void> | void => {
    if (!context.visibility.sees(principal, target.server)) refuseServer(request, target, principal, context);
    const visit = visitOf(request, response, context, { principal, server: target.server });

    const hasSession = request.headers["mcp-session-id"] !== undefined;
    const speaksStreamable = target.endpoint !== "sse";
    if (isModern(request, target) && request.method !== "POST") throw wrongMethod(request, target);

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
        if (!speaksStreamable || !hasSession) break;
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
  ): Promise<void> => {
    const principal = await admitted;
    // The client may have left while a key was fetched: nothing is opened for it.
    if (!response.destroyed) await serve(request, response, target, principal);
  };

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
      const admitted = context.gate.admit(credentialsOf(request, context));
      if (admitted instanceof Promise) return serveLater(request, response, target, admitted);
      return serve(request, response, target, admitted);
    },
    errorWriter: () => writeRpcError,
  };
}

/** MCP 2026-07-28 only has POST, whatever else is sent along. */
function isModern({ headers }: IncomingMessage, { endpoint }: McpTarget): boolean {
  return endpoint !== "sse" && headers["mcp-protocol-version"] === MODERN_REVISION;
}

/** Apart from the hot path, for which it would make a function per request. */
function refuseServer(
  request: IncomingMessage,
  { server }: McpTarget,
  principal: Principal,
  context: DownstreamContext,
): void {
  const where = (): string => `The servers are at ${serverPaths(request, principal, context)}.`;
  context.visibility.checkServer(principal, server, where);
}

function visitOf(
  request: IncomingMessage,
  response: ServerResponse,
  { hasQuotas, callerHeaders }: DownstreamContext,
  { principal, server }: Pick<Visit, "principal" | "server">,
): Visit {
  const requestId = requestIdOf(response);
  const onQuota = quotaWriter(response, hasQuotas);
  return { requestId, principal, server, onQuota, caller: callerHeadersOf(request, callerHeaders) };
}

function wrongMethod(request: IncomingMessage, target: McpTarget): GatewayError {
  return methodNotAllowed(request.method, allowedMethods(request, target));
}

/** There is no stream to GET at `/mcp`, and nothing to DELETE, before there is a session, and nothing to POST at `/sse`. */
function allowedMethods(request: IncomingMessage, target: McpTarget): string {
  if (isModern(request, target)) return "POST";
  const { endpoint, sessionId } = target;
  if (endpoint === "sse") return sessionId === undefined ? "GET" : "GET, POST";
  if (request.headers["mcp-session-id"] !== undefined) return "GET, POST, DELETE";
  return endpoint === "mcp" ? "POST" : "GET, POST";
}
