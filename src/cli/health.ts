import { existsSync } from "node:fs";
import { loadConfig } from "../config/load.ts";
import { atAddress, type Address, type AddressFlags } from "./address.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface HealthFlags extends ConfigFlags, AddressFlags {
  readonly url?: string;
}

const TIMEOUT_MS = 5_000;
const WITHOUT_CONFIG: Address = { hostname: "127.0.0.1", port: 3000 };

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

/** The loopback address, unless the gateway is bound to a specific address. */
function ownUrl(flags: HealthFlags): string {
  const { port, hostname } = addressOf(flags);
  const host = hostname === "0.0.0.0" || hostname === "::" ? "127.0.0.1" : hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The address in the config; the default one when no config is given and there is none in this folder. */
function addressOf(flags: HealthFlags): Address {
  const { path } = findConfig(flags, process.env);
  const isThere = flags.config !== undefined || existsSync(path);
  return atAddress(isThere ? loadConfig(path, process.env).config : WITHOUT_CONFIG, flags);
}
