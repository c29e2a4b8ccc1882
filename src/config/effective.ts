import { authMethods } from "../access/auth/methods.ts";
import { isObject, member } from "../lib/json.ts";
import { metricsAreOn } from "../observability/metrics/config.ts";
import { configJsonSchema } from "./json-schema.ts";
import { keysAt } from "./schema-at.ts";
import type { Config } from "./schema.ts";

/**
 * The config with every key of the schema and its effective value: derived from another key where it has one to follow, null
 * where there is none. `folder` is the working directory of servers without a `path`.
 */
export function effective(config: Config, folder: string): unknown {
  const { logging, debug, auth, servers, metrics, hostname } = config;
  const level = logging.level ?? debug.level ?? "info";
  const methods = authMethods.map(({ name, off }) => [name, member(auth, name) ?? off()]);
  const entries = Object.entries(servers).map(([name, entry]) => [name, { type: "stdio", path: folder, ...entry }]);
  const filled = {
    ...config,
    logging: { ...logging, level },
    debug: { level },
    metrics: { ...metrics, enabled: metricsAreOn(metrics, hostname) },
    auth: { ...auth, ...Object.fromEntries(methods) },
    servers: Object.fromEntries(entries),
  };
  return withEveryKey(filled, [], configJsonSchema());
}

/** Keys are in schema order. */
function withEveryKey(value: unknown, path: readonly string[], schema: object): unknown {
  if (!isObject(value)) return value;
  const keys = new Set([...keysAt(path, schema), ...Object.keys(value)]);
  return Object.fromEntries([...keys].map((key) => [key, withEveryKey(value[key] ?? null, [...path, key], schema)]));
}
