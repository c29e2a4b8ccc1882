import { z } from "zod";
import { durationMs, sizeBytes } from "../lib/units.ts";
import { count, duration, size } from "../protocol/unit-schemas.ts";
import type { BodyLimits } from "./bodies.ts";
import type { StreamLimits } from "./stream-care.ts";
import type { ReplayLimits } from "./streamable/replay.ts";
import { isAddressRange } from "./trusted-proxies.ts";

/** The address the gateway listens on, and the names by which it is reached. */
export const listenSchema = {
  hostname: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("The address to listen on; 127.0.0.1 for this machine only.")
    .meta({ examples: ["127.0.0.1"] }),
  port: z.number().int().min(0).max(65_535).default(3000).describe("The port to listen on; 0 picks a free one."),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "The URL at which clients reach the gateway when it is behind a proxy; its path is the prefix of all paths, whether the proxy " +
        "removes it or not.",
    )
    .meta({ examples: ["https://mcp.example.com", "https://example.com/mcp-gateway"] }),
  allowedHosts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Host names, with or without a port, that requests may be addressed to, in addition to publicUrl and loopback names. " +
        "While the list is empty and auth is off: IP addresses, single-label names and host.docker.internal.",
    )
    .meta({ examples: [["box.local", "mcp.example.com:3000"]] }),
  allowedOrigins: z
    .array(z.union([z.literal("*"), z.url({ protocol: /^https?$/ })]))
    .default([])
    .describe("Web origins whose pages may call the gateway, in addition to that of publicUrl.")
    .meta({ examples: [["https://app.example.com"], ["*"]] }),
  trustedProxies: z
    .array(z.string().refine(isAddressRange, "must be an address or a range, such as 10.0.0.0/8"))
    .default([])
    .describe(
      "Addresses of proxies whose X-Forwarded-For is believed, so that failed logins are counted per client and not per proxy.",
    )
    .meta({ examples: [["127.0.0.1", "10.0.0.0/8"]] }),
};

/** Paths of the gateway itself, which cannot be server names. */
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
  "console",
  ".well-known",
  "register",
  "authorize",
  "token",
  "problems",
];

/** The keys of `limits:` that apply to downstreams. */
export const downstreamLimitsSchema = {
  bodyBytes: size("4MiB").describe("The largest request body."),
  bodiesBytes: size("256MiB").describe(
    "How much memory the bodies of all requests may take at once; one caller may take at most half of it.",
  ),
  streamBytes: size("1MiB").describe(
    "How much may be queued for a slow reader of a stream before its server has to wait.",
  ),
  stall: duration("30s").describe("A stream whose reader takes nothing for this long is cut off."),
  replayEvents: count(100).describe(
    "Messages kept per session for clients that reconnect after losing the connection.",
  ),
  replayBytes: size("1MiB").describe("How much these messages may take together."),
  heartbeat: duration("15s").describe("How often something is sent on a quiet stream."),
  drain: duration("15s").describe("How long a shutdown may take; its last 7 s are reserved for ending servers."),
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
