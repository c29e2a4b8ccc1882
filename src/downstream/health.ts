import type { ServerResponse } from "node:http";
import type { Health, HealthReport } from "../observability/health.ts";
import type { Route } from "./http.ts";
import { sendJson } from "./send-json.ts";
import { pathOf } from "./target.ts";

const LIVE: readonly string[] = ["/health", "/healthz", "/live"];

/** For load balancers and container runtimes: no credentials, nothing about servers or callers. */
export function healthRoute(health: Health): Route {
  return ({ method, url = "" }, response) => {
    const path = pathOf(url);
    if (method !== "GET" && method !== "HEAD") return undefined;
    if (LIVE.includes(path)) return answer(response, health.live());
    return path === "/ready" ? answer(response, health.ready()) : undefined;
  };
}

function answer(response: ServerResponse, { status, body }: HealthReport): "taken" {
  sendJson(response, body, { status });
  return "taken";
}
