import { z } from "zod";
import { isLoopback } from "../../lib/hosts.ts";

/** The keys of `metrics:`, without the credentials, which another room declares. */
export const metricsSchema = {
  enabled: z
    .boolean()
    .optional()
    .describe(
      "Whether /metrics is served; default: yes when the gateway listens on loopback only, or when metrics.port or metrics.auth is set.",
    ),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe(
      "Serve /metrics, /live and /ready on a port of their own (0 picks a free one), and /metrics nowhere else.",
    )
    .meta({ examples: [9464] }),
  hostname: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("The address that metrics.port listens on.")
    .meta({ examples: ["0.0.0.0"] }),
};

export interface MetricsConfig {
  readonly enabled?: boolean | undefined;
  readonly port?: number | undefined;
  readonly auth?: object | undefined;
}

/** `hostname` is the address of the gateway. On a public one, metrics need a decision: they tell who uses what, and how much. */
export function metricsAreOn({ enabled, port, auth }: MetricsConfig, hostname: string): boolean {
  return enabled ?? (port !== undefined || auth !== undefined || isLoopback(hostname));
}
