import type { ServerResponse } from "node:http";
import type { Quota } from "../protocol/quota.ts";

/** What tells the caller of its quota; undefined, and nothing is made for the request, when there are no quotas. */
export function quotaWriter(response: ServerResponse, hasQuotas: boolean): ((quota: Quota) => void) | undefined {
  return hasQuotas ? (quota) => setQuotaHeaders(response, quota) : undefined;
}

/** The headers of draft-ietf-httpapi-ratelimit-headers-06, which most clients read; later drafts have one header for all of it. */
export function setQuotaHeaders(response: ServerResponse, { limit, remaining, resetMs }: Quota): void {
  if (response.headersSent) return;
  // As texts: Node would turn a number into one twice.
  response.setHeader("RateLimit-Limit", String(limit));
  response.setHeader("RateLimit-Remaining", String(remaining));
  response.setHeader("RateLimit-Reset", String(Math.max(0, Math.ceil(resetMs / 1_000))));
}
