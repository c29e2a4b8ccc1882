import { isObject, member } from "../lib/json.ts";
import { argumentSecrets, namedSecrets } from "./argument-secrets.ts";
import { isHarmless, isSetting } from "./harmless.ts";
import { isSecretName } from "./secret-names.ts";

/** The password in a URL, and a user name that serves as a token: `https://token@host`. */
const URL_PASSWORD = /:\/\/[^\s/?#:@]*:([^\s/]+)@/g;
const URL_TOKEN = /https?:\/\/([^\s/?#:@]+)@/gi;

/** Keys that look secret by their own name or by names in them, but hold names, addresses and scopes. */
const NO_SECRETS: ReadonlySet<string> = new Set([
  "redactKeys",
  "keyPrefix",
  "authorization_servers",
  "authorizationServers",
  "bearer_methods_supported",
  "mappings",
  "permissions",
  "policy",
]);

/**
 * The values in a config that must never be printed: credentials of callers, values of keys named like a secret, secrets in the
 * variables and arguments of servers, and passwords in URLs.
 */
export function secretsOf(config: unknown): string[] {
  // A set, because the same variable may be given to many servers.
  return [...new Set(found(config, ""))].filter((value) => !isSetting(value));
}

/** The secrets that a server which inherits the whole environment could print. */
export function inheritedSecrets(config: unknown, env: NodeJS.ProcessEnv): string[] {
  const servers = member(config, "servers");
  if (!isObject(servers) || !Object.values(servers).some((entry) => member(entry, "inheritEnv") === true)) return [];
  return Object.entries(env).flatMap(([name, value = ""]) =>
    isSecretName(name) && !isSetting(value) && !isHarmless(value) ? [value] : [],
  );
}

function found(value: unknown, name: string): string[] {
  if (typeof value === "string") return [...(isSecretName(name) ? [value] : []), ...urlPasswords(value)];
  // The items of a list belong to its key: `tokens: [a, b]`.
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const own = name === "args" ? argumentSecrets(items.filter((item) => typeof item === "string")) : [];
    return [...own, ...items.flatMap((item) => found(item, name))];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (NO_SECRETS.has(key)) return [];
    // `auth: { type: header, header: …, value: … }`
    if (name === "auth" && key === "value" && typeof inner === "string") return [inner];
    const isVariable = (name === "env" || name === "headers") && typeof inner === "string";
    return [...(isVariable ? namedSecrets(key, inner) : []), ...found(inner, key)];
  });
}

function urlPasswords(text: string): string[] {
  return [URL_PASSWORD, URL_TOKEN].flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, password = ""]) => [password, decoded(password)]),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It was not percent-encoded.
    return text;
  }
}
