import { authMethods } from "./access/auth/methods.ts";
import { tokenConfig } from "./access/oauth.ts";
import { hasRules } from "./access/policy/rule-policy.ts";
import type { Config } from "./config/schema.ts";
import { keptFor } from "./downstream/console/config.ts";
import { Console } from "./downstream/console/console.ts";
import type { DownstreamContext } from "./downstream/context.ts";
import type { GatewayAccess } from "./gateway-access.ts";
import type { GatewaySessions } from "./gateway-sessions.ts";
import { isLoopback } from "./lib/hosts.ts";
import type { Redactor } from "./lib/redactor.ts";
import type { Observation } from "./observability/observation.ts";
import type { Servers } from "./upstream/servers.ts";

export interface GatewayConsoleOptions {
  readonly version: string;
  readonly redactor: Redactor;
  readonly servers: Servers;
  readonly access: GatewayAccess;
  readonly sessions: GatewaySessions;
  readonly observation: Observation;
}

/** The console; undefined when it is off. */
export function gatewayConsole(options: GatewayConsoleOptions, context: DownstreamContext): Console | undefined {
  const { version, redactor, servers, access, sessions, observation } = options;
  const { history, recordings } = observation;
  if (history === undefined) return undefined;
  return new Console(context, {
    version,
    redactor,
    policy: access.policy,
    history,
    recordings,
    client: sessions.client,
    servers: () => observation.servers(),
    lastWords: (name) => observation.health.lastWords(name),
    sessions: () => sessions.table.facts(),
    processes: () => servers.processes(),
    usage: () => servers.usage(),
    end: (key) => sessions.table.end(key),
    stop: async (name) => {
      await Promise.all([sessions.table.stop(name), servers.get(name).renew?.()]);
    },
  });
}

/** What is kept for the console. */
export const consoleKeeps = (config: Config): "nothing" | "figures" | "messages" =>
  consoleIsOn(config) ? keptFor(config.console) : "nothing";

/** On an address that others reach, what everybody does is shown only to callers who were meant to see it. */
function consoleIsOn(config: Config): boolean {
  const { auth, hostname, policy } = config;
  if (config.console.enabled !== undefined) return config.console.enabled;
  const rules = policy?.rules ?? [];
  if (rules.some(({ allow }) => allow?.["console"] === true)) return true;
  const { permissions, options } = auth;
  if (hasRules({ policy, permissions, options })) return false;
  const methods: Readonly<Record<string, unknown>> = { ...auth, jwt: tokenConfig(config) };
  const needsCredentials = authMethods.some(({ name }) => methods[name] !== undefined);
  return needsCredentials ? methods["basic"] !== undefined : isLoopback(hostname);
}
