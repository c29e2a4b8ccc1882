import { stringify } from "yaml";
import type { EchoCommand } from "./echo-command.ts";

export const TOKEN = "bench-token-0123456789abcdef";

/** The config of a typical deployment: a token, the log at info. Only limits that would slow down opening 50 sessions are raised. */
export function gatewayConfig(
  { command, args }: EchoCommand,
  { servers, limits, more, hasMetrics = false }: Extras = {},
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
    ...more,
  });
}

/** What is added to the config. */
export interface Extras {
  /** Additional entries under `servers:`. */
  readonly servers?: object | undefined;
  /** Limits that replace those of the benchmark. */
  readonly limits?: object | undefined;
  readonly hasMetrics?: boolean | undefined;
  /** Further keys. */
  readonly more?: object | undefined;
}

const RULES = 50;

/** Everything that is asked about a call: 50 rules, of which the last one allows it, a limit that is not reached, an audit file. */
export function accessConfig(auditFile: string): object {
  const others = Array.from({ length: RULES - 1 }, (_none, at) => ({
    subject: { tenant: `tenant-${at}` },
    allow: { methods: ["tools/*"], tools: [`server-${at}:tool-*`] },
  }));
  return {
    policy: { default: "deny", rules: [...others, { allow: { methods: ["*"], tools: ["echo:*"] } }] },
    rateLimit: { defaultRpm: 1_000_000 },
    audit: { file: auditFile },
  };
}

export const WATCHER = "bench";

/** With or without the console, for a user who may watch. */
export const consoleConfig = (enabled: boolean): object => ({
  auth: { bearer: { tokens: [TOKEN] }, basic: { credentials: [{ username: WATCHER, password: TOKEN }] } },
  console: { enabled },
});

/** The echo child answers whatever a request carries, so that it can stand for a server of MCP 2026-07-28. */
export const modernServers = ({ command, args }: EchoCommand): object => ({ echo: { command, args, era: "modern" } });

/** A relay at this port as a server elsewhere. */
export const remoteServers = (port: number): object => ({
  echo: { type: "streamable-http", url: `http://127.0.0.1:${port}/echo/mcp` },
});
