import { z } from "zod";
import { durationMs, sizeBytes } from "../lib/units.ts";
import { count, duration, size } from "../protocol/unit-schemas.ts";
import type { RecordLimits } from "./records.ts";
import type { TableLimits } from "./sessions.ts";

/** The keys of `limits:` that apply to sessions. */
export const sessionLimitsSchema = {
  sessions: count(200).describe("Sessions at once, all servers together; each is a process."),
  sessionsPerServer: count(50).describe("Sessions of one server at once."),
  sessionsPerPrincipal: count(200).describe(
    "Sessions of one caller at once. Web UIs call with one token for all their users.",
  ),
  streams: count(1_000).describe(
    "Event streams of sessions that have no process: nothing was said on them yet, or for long.",
  ),
  idle: duration("30m").describe(
    "A process to which nothing was said for this long is ended, though its client listens.",
  ),
  orphan: duration("90s").describe(
    "A process whose client has no stream open and says nothing for this long is ended; its session goes on with another one.",
  ),
  retention: duration("24h").describe("How long a session without a process waits for its client."),
  retained: count(10_000).describe("Sessions that may wait so, with and without a process."),
  retainedPerPrincipal: count(5_000).describe("Those of one caller."),
  retainedBytes: size("64MiB").describe("What their handshakes and subscriptions may take together."),
  start: duration("90s").describe("Time for a server to start and give its first answer; npx may have to download."),
  request: duration("5m").describe(
    "Time for an answer; progress starts it anew, and it stands still while the server waits for the client's answer.",
  ),
  requestMax: duration("10m").describe("Time for an answer in any case."),
  inFlight: count(128).describe("Requests of one session that may wait for an answer at once."),
};

/** Where session records are stored. */
export const sessionsSchema = z.strictObject({
  store: z
    .enum(["file", "memory"])
    .optional()
    .describe(
      "Where sessions wait for their clients. In a file they outlive a restart of the gateway; default where state.dir can be written.",
    )
    .meta({ examples: ["memory"] }),
});

export const stateSchema = z.strictObject({
  dir: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The folder for what outlives a restart. Default: $STATE_DIRECTORY, $XDG_STATE_HOME/mcp-gateway or ~/.local/state/mcp-gateway.",
    )
    .meta({ examples: ["/var/lib/mcp-gateway"] }),
});

type LimitsConfig = z.output<z.ZodObject<typeof sessionLimitsSchema>>;

/** `restIdle`: how long a REST session may be idle; `queueBytes`: how much may be queued for a server. */
export function sessionLimits(limits: LimitsConfig, restIdle: string, queueBytes: string): TableLimits {
  return {
    sessions: limits.sessions,
    sessionsPerServer: limits.sessionsPerServer,
    sessionsPerPrincipal: limits.sessionsPerPrincipal,
    inFlight: limits.inFlight,
    streams: limits.streams,
    queueBytes: sizeBytes(queueBytes),
    idleMs: durationMs(limits.idle),
    orphanMs: durationMs(limits.orphan),
    retentionMs: durationMs(limits.retention),
    restIdleMs: durationMs(restIdle),
    startMs: durationMs(limits.start),
    requestMs: durationMs(limits.request),
    requestMaxMs: durationMs(limits.requestMax),
  };
}

export function recordLimits({ retention, retained, retainedPerPrincipal, retainedBytes }: LimitsConfig): RecordLimits {
  return {
    retentionMs: durationMs(retention),
    records: retained,
    recordsPerPrincipal: retainedPerPrincipal,
    size: sizeBytes(retainedBytes),
  };
}
