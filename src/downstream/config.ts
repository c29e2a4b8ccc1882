import { z } from "zod";
import { durationMs, sizeBytes } from "../lib/units.ts";
import { count, duration, size } from "../protocol/unit-schemas.ts";
import type { BodyLimits } from "./bodies.ts";
import type { StreamLimits } from "./stream-care.ts";
import type { ReplayLimits } from "./streamable/replay.ts";

/** Where the gateway listens and how it is seen from outside. */
export const listenSchema = {
  hostname: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("The address to bind; 127.0.0.1 for this machine only.")
    .meta({ examples: ["127.0.0.1"] }),
  port: z.number().int().min(0).max(65_535).default(3000).describe("The port to bind; 0 takes a free one."),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "The URL at which clients reach the gateway, when a proxy stands before it; its path is the prefix of all paths, " +
        "whether the proxy takes it off or not.",
    )
    .meta({ examples: ["https://mcp.example.com", "https://example.com/mcp-gateway"] }),
  allowedHosts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Host names, with or without a port, that requests may be addressed to, besides publicUrl and loopback. Without any and " +
        "without auth: addresses, names of one label and host.docker.internal.",
    )
    .meta({ examples: [["box.local", "mcp.example.com:3000"]] }),
  allowedOrigins: z
    .array(z.union([z.literal("*"), z.url({ protocol: /^https?$/ })]))
    .default([])
    .describe("Web origins whose pages may call the gateway, besides publicUrl.")
    .meta({ examples: [["https://app.example.com"], ["*"]] }),
};

/** Names that are paths of the gateway itself, so no server may have them. */
export const RESERVED_NAMES: readonly string[] = [
  "sessionid",
  "sessions",
  "servers",
  "api",
  "mcp",
  "sse",
  "message",
  "docs",
  "openapi.json",
  "openapi.yaml",
  "health",
  "healthz",
  "live",
  "ready",
  "metrics",
  "dashboard",
  ".well-known",
  "register",
  "authorize",
  "token",
  "problems",
];

/** The keys of `limits:` that downstreams obey. */
export const downstreamLimitsSchema = {
  bodyBytes: size("4MiB").describe("The largest request body."),
  bodiesBytes: size("256MiB").describe("What the bodies of all requests may take at once; one caller's at most half."),
  streamBytes: size("1MiB").describe("What may wait for a slow reader of a stream before its server is made to wait."),
  stall: duration("30s").describe("A stream whose reader takes nothing for this long is cut."),
  replayEvents: count(100).describe("Messages kept per session for clients that come back after a lost connection."),
  replayBytes: size("1MiB").describe("What these may take together."),
  heartbeat: duration("15s").describe("How often a quiet stream is written to."),
  drain: duration("15s").describe("Time within which a shutdown is complete; its last 7 s are for ending servers."),
};

export interface DownstreamLimits {
  readonly streams: StreamLimits;
  readonly bodies: BodyLimits;
  readonly replay: ReplayLimits;
}

export function downstreamLimits(limits: z.output<z.ZodObject<typeof downstreamLimitsSchema>>): DownstreamLimits {
  return {
    streams: {
      bufferBytes: sizeBytes(limits.streamBytes),
      stallMs: durationMs(limits.stall),
      heartbeatMs: durationMs(limits.heartbeat),
    },
    bodies: { bodyBytes: sizeBytes(limits.bodyBytes), bodiesBytes: sizeBytes(limits.bodiesBytes) },
    replay: { events: limits.replayEvents, bytes: sizeBytes(limits.replayBytes) },
  };
}
