import { loadConfig } from "../config/load.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface HealthFlags extends ConfigFlags {
  readonly url?: string;
}

const TIMEOUT_MS = 5_000;

/** Asks a running gateway whether it is ready, for a container's HEALTHCHECK. True when it is. */
export async function health(flags: HealthFlags): Promise<boolean> {
  const url = flags.url ?? ownUrl(flags);
  try {
    const response = await fetch(new URL("/ready", url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    process.stderr.write(`${url} ${response.ok ? "is ready" : `answers ${response.status}`}\n`);
    return response.ok;
  } catch (cause) {
    process.stderr.write(`${url} does not answer (${cause instanceof Error ? cause.message : String(cause)})\n`);
    return false;
  }
}

/** Over loopback, unless the gateway is bound to one address only. */
function ownUrl(flags: ConfigFlags): string {
  const { config } = loadConfig(findConfig(flags, process.env).path, process.env);
  const host = config.hostname === "0.0.0.0" || config.hostname === "::" ? "127.0.0.1" : config.hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${config.port}`;
}
