import type { z } from "zod";
import { durationMs } from "../lib/units.ts";
import { count, duration } from "../protocol/unit-schemas.ts";
import type { TableLimits } from "./sessions.ts";

/** The keys of `limits:` that sessions obey. */
export const sessionLimitsSchema = {
  sessions: count(200).describe("Sessions at once, all servers together; each is a process."),
  sessionsPerServer: count(50).describe("Sessions of one server at once."),
  sessionsPerPrincipal: count(200).describe(
    "Sessions of one caller at once. Web UIs call with one token for all their users.",
  ),
  idle: duration("30m").describe("A session in which nothing was said for this long is ended."),
  start: duration("90s").describe("Time for a server to start and give its first answer; npx may have to download."),
  request: duration("60s").describe("Time for an answer; progress starts it anew."),
  requestMax: duration("10m").describe("Time for an answer when progress keeps coming."),
  inFlight: count(128).describe("Requests of one session that may wait for an answer at once."),
};

/** `restIdle`: how long a REST session may be idle. */
export function sessionLimits(
  limits: z.output<z.ZodObject<typeof sessionLimitsSchema>>,
  restIdle: string,
): TableLimits {
  return {
    sessions: limits.sessions,
    sessionsPerServer: limits.sessionsPerServer,
    sessionsPerPrincipal: limits.sessionsPerPrincipal,
    inFlight: limits.inFlight,
    idleMs: durationMs(limits.idle),
    restIdleMs: durationMs(restIdle),
    startMs: durationMs(limits.start),
    requestMs: durationMs(limits.request),
    requestMaxMs: durationMs(limits.requestMax),
  };
}
