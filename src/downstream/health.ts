import type { IncomingMessage, ServerResponse } from "node:http";
import type { Health, HealthReport } from "../observability/health.ts";
import type { ServerReport } from "../observability/server-report.ts";
import type { DownstreamContext } from "./context.ts";
import { credentialsOf } from "./credentials.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { sendJson } from "./send-json.ts";
import { pathOf } from "./target.ts";

export const LIVE_PATHS: readonly string[] = ["/health", "/healthz", "/live"];

/** For load balancers and container runtimes: needs no credentials and reveals nothing about servers or callers. */
export function healthRoute(health: Health): Route<HealthReport> {
  return {
    match: ({ url = "" }) => {
      const path = pathOf(url);
      if (LIVE_PATHS.includes(path)) return health.live();
      return path === "/ready" ? health.ready() : undefined;
    },
    serve: (request, response, { status, body }) => {
      refuseWriting(request);
      sendJson(response, body, { status });
    },
    errorWriter: () => writeRpcError,
  };
}

/** `GET /health/servers`, for people who run the gateway: how each server is that they may see, and what it said last. */
export function serverHealthRoute(
  context: Pick<DownstreamContext, "gate" | "visibility" | "trustedProxies">,
  servers: () => readonly ServerReport[],
): Route<true> {
  const { gate, visibility } = context;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    refuseWriting(request);
    const principal = await gate.admit(credentialsOf(request, context));
    sendJson(response, { servers: servers().filter(({ name }) => visibility.sees(principal, name)) });
  };
  return {
    match: ({ url = "" }) => (pathOf(url) === "/health/servers" ? true : undefined),
    serve,
    errorWriter: () => writeRpcError,
  };
}

function refuseWriting({ method }: IncomingMessage): void {
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
}
