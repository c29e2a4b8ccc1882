import { Router, type Response } from "express";
import type { Health, HealthReport } from "../observability/health.ts";

/** For load balancers and container runtimes: no credentials, nothing about servers or callers. */
export function healthRoutes(health: Health): Router {
  const router = Router();
  router.get(["/health", "/healthz", "/live"], (_request, response) => answer(response, health.live()));
  router.get("/ready", (_request, response) => answer(response, health.ready()));
  return router;
}

function answer(response: Response, { status, body }: HealthReport): void {
  response.status(status).set("Cache-Control", "no-store").json(body);
}
