import { Counter } from "prom-client";
import { countingMetric, registerCounter } from "./metric.ts";

/** Errors that tell a caller to come back later, or to send less. */
const LIMITS: ReadonlySet<string> = new Set([
  "payload_too_large",
  "queue_full",
  "too_many_bodies",
  "too_many_sessions",
  "too_many_starts",
  "too_many_failed_logins",
  "rate_limited",
  "descriptors_exhausted",
]);

export const refusals = countingMetric(["refused", "session.refused"], ({ registers }) => {
  const refused = new Counter({
    name: "mcp_gateway_refusals_total",
    help: "HTTP requests, or the messages in them, that the gateway refused, by the reason that callers are told.",
    labelNames: ["reason", "status"],
    registers,
  });
  const logins = new Counter({
    name: "mcp_gateway_login_failures_total",
    help: "HTTP requests with credentials that were not accepted.",
    registers,
  });
  return ({ error: { reason, status, details } }) => {
    refused.inc({ reason, status: String(status) });
    if (details.isLoginFailure === true) logins.inc();
  };
});

/** A limit is met at the arrival of an HTTP request, or when its message is passed on. */
export const limits = countingMetric(["refused", "session.refused"], ({ registers, sources }) => {
  const refused = new Map<string, number>();
  registerCounter({
    name: "mcp_gateway_limits_met_total",
    help: "Requests that were refused because of a limit.",
    labelNames: ["limit"],
    registers,
    collect() {
      this.reset();
      for (const [limit, count] of refused) this.inc({ limit }, count);
      for (const { outcome, count } of sources.tallies()) if (LIMITS.has(outcome)) this.inc({ limit: outcome }, count);
    },
  });
  return ({ error: { reason } }) => {
    if (LIMITS.has(reason)) refused.set(reason, (refused.get(reason) ?? 0) + 1);
  };
});
