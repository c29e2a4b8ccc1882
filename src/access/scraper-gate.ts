import type { Gate } from "../protocol/principal.ts";
import { AccessGate, configuredAuthenticators } from "./gate.ts";
import { Logins } from "./logins.ts";

export interface ScraperAccess {
  /** The methods with their credentials, as under `auth`. */
  readonly auth?: Readonly<Record<string, unknown>> | undefined;
  readonly port?: number | undefined;
}

/** Who may read the metrics: with credentials of their own; else, on a port of their own, anyone who reaches it; else the callers. */
export function scraperGate({ auth, port }: ScraperAccess, callers: Gate, failedLogins: number): Gate {
  if (auth === undefined && port === undefined) return callers;
  return new AccessGate(configuredAuthenticators(auth ?? {}), new Logins(failedLogins));
}
