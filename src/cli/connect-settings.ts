import { durationMs, DURATION_PATTERN, LONGEST_TIMER_MS } from "../lib/units.ts";
import { isOwnHeader } from "../upstream/http/own-headers.ts";
import type { RemoteTransport } from "../upstream/http/direct-remote.ts";

export interface ConnectFlags {
  readonly header?: readonly string[];
  readonly bearer?: string;
  readonly transport: RemoteTransport;
  readonly timeout: string;
  readonly retries: string;
  readonly retryDelay: string;
  readonly healthCheck: string;
  readonly enterprise?: boolean;
}

export interface ConnectSettings {
  /** Without a user name and a password. */
  readonly url: URL;
  readonly transport: RemoteTransport;
  /** Names in lower case, and values in turn. */
  readonly headers: readonly string[];
  /** Where the credential comes from; undefined when there is none. */
  readonly credential: string | undefined;
  /** What must not be logged. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly healthMs: number;
}

/** The command cannot be run as it was given. Its message is for the user and has no secret in it. */
export class ConnectUsageError extends Error {
  override readonly name = "ConnectUsageError";
}

/** Where @natomalabs/natoma-mcp-gateway connects to, followed by the id of the installation. */
const ENTERPRISE_URL = "https://api.natoma.app/api/mcp";

type Env = NodeJS.ProcessEnv;

/** Reads the options and the variables of `connect`; throws ConnectUsageError. */
export function connectSettings(given: string | undefined, flags: ConnectFlags, env: Env): ConnectSettings {
  const place = flags.enterprise === true ? enterprise(given, env) : plain(given, env);
  const url = urlOf(place.url, place.source);
  const own = (flags.header ?? []).map((text) => headerOf(text, env));
  const { name: credential, value } = authorization({ bearer: flags.bearer, own, url, token: place.token, env });
  const query = [...url.searchParams.values()];
  const secrets = [value, url.password, safely(url.password), ...own.map(([, text]) => text), ...query];
  url.username = "";
  url.password = "";
  url.hash = "";
  const headers = [...own.flat(), ...(value === undefined ? [] : ["authorization", value])];
  return {
    url,
    transport: flags.transport,
    headers,
    credential: credential ?? credentialHeader(own),
    secrets: secrets
      .flatMap((secret) => (secret === undefined ? [] : [secret, secret.replace(/^\S+ /, "")]))
      .filter(Boolean),
    timeoutMs: duration("--timeout", flags.timeout),
    retries: count("--retries", flags.retries),
    retryDelayMs: finite("--retry-delay", flags.retryDelay),
    healthMs: duration("--health-check", flags.healthCheck),
  };
}

interface Place {
  readonly url: string;
  /** What named it. */
  readonly source: string;
  readonly token?: { readonly value: string; readonly name: string };
}

function plain(given: string | undefined, env: Env): Place {
  const url = given ?? set(env["MCP_GATEWAY_URL"]);
  if (url === undefined) {
    throw new ConnectUsageError("which server? Give its URL, or set MCP_GATEWAY_URL");
  }
  return { url, source: given === undefined ? "MCP_GATEWAY_URL" : "the URL" };
}

/** The variables of @natomalabs/natoma-mcp-gateway, or the general ones. */
function enterprise(given: string | undefined, env: Env): Place {
  const id = set(env["NATOMA_MCP_SERVER_INSTALLATION_ID"]);
  const key = set(env["NATOMA_MCP_API_KEY"]);
  const general = set(env["MCP_GATEWAY_URL"]);
  const token = key === undefined ? {} : { token: { value: key, name: "the API key in NATOMA_MCP_API_KEY" } };
  if (given !== undefined) return { url: given, source: "the URL", ...token };
  if (id === undefined && general !== undefined) return { url: general, source: "MCP_GATEWAY_URL", ...token };
  const missing = [
    ...(id === undefined ? ["NATOMA_MCP_SERVER_INSTALLATION_ID"] : []),
    ...(key === undefined && set(env["MCP_GATEWAY_TOKEN"]) === undefined ? ["NATOMA_MCP_API_KEY"] : []),
  ];
  if (id === undefined || missing.length > 0) {
    throw new ConnectUsageError(`--enterprise needs ${missing.join(" and ")} in the environment`);
  }
  const custom = set(env["NATOMA_MCP_CUSTOM_URL"]);
  const base = custom ?? ENTERPRISE_URL;
  const source = custom === undefined ? "NATOMA_MCP_SERVER_INSTALLATION_ID" : "NATOMA_MCP_CUSTOM_URL";
  return { url: withId(base, id, source), source, ...token };
}

/** A URL that already ends with the id is complete. */
function withId(base: string, id: string, source: string): string {
  const url = urlOf(base, source);
  const path = url.pathname.replace(/\/+$/, "");
  const segment = encodeURIComponent(id);
  url.pathname = path.endsWith(`/${segment}`) ? path : `${path}/${segment}`;
  return url.href;
}

function urlOf(text: string, source: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A text that is no URL is not repeated: it may contain a password all the same.
  if (url === undefined) {
    throw new ConnectUsageError(`${source} is not a URL. It looks like https://mcp.example.com/mcp`);
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new ConnectUsageError(`${source} begins with ${url.protocol} and must begin with https: or http:`);
}

interface Authorization {
  readonly name?: string;
  readonly value?: string;
}

interface Sources {
  readonly bearer: string | undefined;
  readonly own: readonly (readonly [string, string])[];
  readonly url: URL;
  readonly token: Place["token"];
  readonly env: Env;
}

/** The first of them that is given. */
function authorization({ bearer, own, url, token, env }: Sources): Authorization {
  const isGiven = own.some(([name]) => name === "authorization");
  if (bearer !== undefined && isGiven) {
    throw new ConnectUsageError("give either --bearer or an Authorization header, not both");
  }
  if (bearer !== undefined) return { name: "the token given with --bearer", value: bearerOf(bearer, "--bearer") };
  if (isGiven) return { name: "the Authorization header given with --header" };
  if (token !== undefined) return { name: token.name, value: bearerOf(token.value, "NATOMA_MCP_API_KEY") };
  const general = set(env["MCP_GATEWAY_TOKEN"]);
  if (general !== undefined) {
    return { name: "the token in MCP_GATEWAY_TOKEN", value: bearerOf(general, "MCP_GATEWAY_TOKEN") };
  }
  if (url.username === "" && url.password === "") return {};
  const pair = Buffer.from(`${safely(url.username)}:${safely(url.password)}`).toString("base64");
  return { name: "the user name and password in the URL", value: `Basic ${pair}` };
}

/** Another header that looks like a credential. */
function credentialHeader(own: readonly (readonly [string, string])[]): string | undefined {
  const [name] = own.find(([header]) => /key|token|auth|cookie|secret/.test(header)) ?? [];
  return name === undefined ? undefined : `the header ${name} given with --header`;
}

const VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

function bearerOf(token: string, source: string): string {
  const text = token.trim().replace(/^Bearer\s+/i, "");
  if (text === "" || !VALUE.test(text)) throw new ConnectUsageError(`${source} is no token that a header can carry`);
  return `Bearer ${text}`;
}

/** `Name: value`. A `${NAME}` in it is taken from the environment, because the clients that start this program have no shell. */
function headerOf(text: string, env: Env): readonly [string, string] {
  const [, name = "", raw = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:(.*)$/s.exec(text) ?? [];
  if (name === "") throw new ConnectUsageError('a --header looks like "X-Api-Key: value"');
  if (isOwnHeader(name)) throw new ConnectUsageError(`the header ${name} is set by the connection itself`);
  const value = raw.replaceAll(/\$\{(\w+)\}/g, (_match, variable: string) => {
    const found = set(env[variable]);
    if (found === undefined)
      throw new ConnectUsageError(`the header ${name} needs the variable ${variable}, which is not set`);
    return found;
  });
  const trimmed = value.trim();
  if (!VALUE.test(trimmed)) throw new ConnectUsageError(`the header ${name} has no value that a header can carry`);
  return [name.toLowerCase(), trimmed];
}

function duration(option: string, text: string): number {
  if (!DURATION_PATTERN.test(text)) throw new ConnectUsageError(`${option} is a time such as 500ms, 60s or 5m`);
  const ms = durationMs(text);
  return Number.isFinite(ms) ? Math.min(ms, LONGEST_TIMER_MS) : ms;
}

function finite(option: string, text: string): number {
  const ms = duration(option, text);
  if (Number.isFinite(ms)) return ms;
  throw new ConnectUsageError(`${option} is a time such as 500ms or 2s; to send nothing again, use --retries 0`);
}

function count(option: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new ConnectUsageError(`${option} is a whole number`);
  return Number(text);
}

/** An empty variable counts as missing. */
const set = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === "" ? undefined : value.trim();

function safely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A % that encodes nothing stands for itself.
    return text;
  }
}
