import type { Health, HealthReport } from "../observability/health.ts";
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
    serve: ({ method }, response, { status, body }) => {
      if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
      sendJson(response, body, { status });
    },
    errorWriter: () => writeRpcError,
  };
}
