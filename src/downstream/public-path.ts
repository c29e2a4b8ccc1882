import type { IncomingMessage } from "node:http";
import { RESERVED_NAMES } from "./config.ts";

/** Absolute path with plain segments: nothing that could turn it into another origin (`//host`) or inject a line break. */
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;

/** What proxies add to what they pass on. */
const FORWARDING = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-prefix",
  "x-real-ip",
  "forwarded",
  "via",
] as const;

/** Reserved names at which nothing is served. */
const UNUSED: readonly string[] = ["mcp", "sse", "message", "servers", "sessions", "sessionid", "metrics"];

/** The path of `publicUrl`: the prefix of all our paths for who comes through the proxy. */
export class PublicPath {
  /** Without a slash at its end. */
  readonly prefix: string;
  readonly #hosts: readonly string[];
  readonly #isOurs: boolean;

  constructor(publicUrl: string, serverNames: readonly string[]) {
    const { pathname, host, hostname } = new URL(publicUrl);
    this.prefix = pathname.replace(/\/$/, "");
    this.#hosts = [host, hostname];
    const [, first = ""] = this.prefix.split("/");
    const isServed = serverNames.includes(first) || (RESERVED_NAMES.includes(first) && !UNUSED.includes(first));
    this.#isOurs = first !== "" && !isServed;
  }

  /**
   * Takes the prefix off where the proxy has not, and says so as a proxy would. Not where something of ours is served at its first
   * segment: `/api/echo` is REST, whatever the prefix.
   */
  takeOff(request: IncomingMessage): void {
    const { url = "" } = request;
    if (!this.#isOurs || !url.startsWith(this.prefix)) return;
    const rest = url.slice(this.prefix.length);
    if (rest !== "" && !rest.startsWith("/") && !rest.startsWith("?")) return;
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
    request.headers["x-forwarded-prefix"] = this.prefix;
  }

  /** The prefix as the client of this request knows it: none for one that came past the proxy. */
  prefixFor({ headers, httpVersion }: IncomingMessage): string {
    if (this.prefix === "") return "";
    // nginx speaks HTTP/1.0 unless it is told otherwise, and clients do not.
    const isProxied = httpVersion === "1.0" || FORWARDING.some((name) => headers[name] !== undefined);
    return isProxied || this.#hosts.includes((headers.host ?? "").toLowerCase()) ? this.prefix : "";
  }
}

/**
 * The path prefix under which the client sees the gateway: the path of `publicUrl`, else `X-Forwarded-Prefix` as set by a reverse
 * proxy. The prefix only affects URLs returned to this same caller, so the proxy need not be trusted.
 */
export function publicPrefix(request: IncomingMessage, publicPath: PublicPath | undefined): string {
  if (publicPath !== undefined) return publicPath.prefixFor(request);
  const forwarded = request.headers["x-forwarded-prefix"];
  if (typeof forwarded !== "string" || !PREFIX.test(forwarded)) return "";
  return forwarded.endsWith("/") ? forwarded.slice(0, -1) : forwarded;
}
