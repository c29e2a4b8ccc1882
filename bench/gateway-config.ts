import { stringify } from "yaml";
import type { EchoCommand } from "./echo-command.ts";

export const TOKEN = "bench-token-0123456789abcdef";

/** The config of a typical deployment: a token, the log at info. Only limits that would slow down opening 50 sessions are raised. */
export function gatewayConfig(
  { command, args }: EchoCommand,
  servers: object = {},
  limits: object = {},
  hasMetrics = false,
): string {
  return stringify({
    hostname: "127.0.0.1",
    port: 0,
    logging: { level: "info" },
    metrics: { enabled: hasMetrics },
    auth: { bearer: { tokens: [TOKEN] } },
    limits: {
      sessions: 500,
      sessionsPerServer: 500,
      sessionsPerPrincipal: 500,
      startsPerSecond: 10_000,
      startBurst: 10_000,
      startingPerServer: 100,
      startQueue: "30s",
      ...limits,
    },
    servers: { echo: { command, args }, ...servers },
  });
}
