import { z } from "zod";
import { durationMs, sizeBytes } from "../lib/units.ts";
import { count, duration, size } from "../protocol/unit-schemas.ts";
import type { ModernLimits } from "./modern/modern-sessions.ts";
import type { RecordLimits } from "./records.ts";
import type { TableLimits } from "./sessions.ts";

/** The keys of `limits:` that apply to sessions. */
export const sessionLimitsSchema = {
  sessions: count(200).describe("Sessions with a running process, all servers together."),
  sessionsPerServer: count(50).describe("Sessions of one server with a running process."),
  sessionsPerPrincipal: count(200).describe(
    "Sessions of one caller with a running process. Web UIs call with one token for all their users.",
  ),
  streams: count(1_000).describe(
    "Open sessions without a process: nothing has been sent on them yet, or not for a long time.",
  ),
  idle: duration("30m").describe(
    "A process whose session has been idle for this long is ended, even if its client is still listening.",
  ),
  orphan: duration("90s").describe(
    "A process whose client has no open stream and sends nothing for this long is ended; its session continues with a new one.",
  ),
  retention: duration("24h").describe("How long a session without a process is kept for its client."),
  retained: count(10_000).describe("How many sessions are kept, with and without a process."),
  retainedPerPrincipal: count(5_000).describe("How many sessions of one caller are kept."),
  retainedBytes: size("64MiB").describe("What the handshakes and subscriptions of all of them may take together."),
  start: duration("90s").describe(
    "How long a server may take to start and give its first answer; npx may have to download it.",
  ),
  request: duration("5m").describe(
    "How long an answer may take. Progress restarts the clock; it stops while the server waits for the client's answer.",
  ),
  requestMax: duration("10m").describe("How long an answer may take in any case."),
  listens: count(1_000).describe(
    "Open subscriptions/listen streams (MCP 2026-07-28) of one caller on one server. They do not count as requests in flight.",
  ),
  input: duration("5m").describe(
    "How long a call of MCP 2026-07-28 whose server asked something waits for the client's answers; its process waits with it.",
  ),
  parked: count(100).describe(
    "Such calls, of all callers together. For one more, the oldest of the caller who has the most is ended.",
  ),
  parkedPerPrincipal: count(25).describe("Such calls of one caller. For one more, its oldest is ended."),
  inFlight: count(128).describe(
    "Requests of one session, or of one process without a session, that may wait for an answer at the same time.",
  ),
};

/** Where session records are stored. */
export const sessionsSchema = z.strictObject({
  store: z
    .enum(["file", "memory"])
    .optional()
    .describe(
      "Where sessions are kept. In a file they survive a restart of the gateway, which is the default if state.dir is writable.",
    )
    .meta({ examples: ["memory"] }),
});

export const stateSchema = z.strictObject({
  dir: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The folder for what survives a restart. Default: $STATE_DIRECTORY, $XDG_STATE_HOME/mcp-gateway or ~/.local/state/mcp-gateway.",
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

/** The limits of callers without a session; `queueBytes` as in `sessionLimits`. */
export const modernLimits = (
  { listens, input, parked, parkedPerPrincipal, request }: LimitsConfig,
  queueBytes: number,
): ModernLimits => ({
  listens,
  parked,
  parkedPerPrincipal,
  requestMs: durationMs(request),
  inputMs: durationMs(input),
  queueBytes,
});

export function recordLimits({ retention, retained, retainedPerPrincipal, retainedBytes }: LimitsConfig): RecordLimits {
  return {
    retentionMs: durationMs(retention),
    records: retained,
    recordsPerPrincipal: retainedPerPrincipal,
    size: sizeBytes(retainedBytes),
  };
}
