import type { IncomingMessage } from "node:http";
import { GatewayError } from "../protocol/errors.ts";

export interface OriginPolicy {
  /** The address that is bound. */
  readonly hostname: string;
  readonly publicUrl?: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/**
 * Who may be addressed and from where: the guard against DNS rebinding and cross-site requests (MCP 2025-11-25, transports,
 * security warning: an invalid Origin MUST be answered with 403).
 *
 * On a loopback bind only loopback names (and what is configured) are accepted as Host. On any other bind the gateway cannot
 * know its own names, so it checks Host only when `allowedHosts` says which; a page that rebinds its own name still fails,
 * because its Origin is not listed.
 */
export class Origins {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #origins: ReadonlySet<string>;
  readonly #anyOrigin: boolean;
  /** The last Host that was allowed, as it came: almost always the next one too. */
  #lastHost: string | undefined;

  constructor({ hostname, publicUrl, allowedHosts, allowedOrigins }: OriginPolicy) {
    const publicAddress = publicUrl === undefined ? undefined : new URL(publicUrl);
    const checksHost = isLoopback(hostname) || allowedHosts.length > 0;
    const names = [...allowedHosts, ...(publicAddress === undefined ? [] : [publicAddress.host])];
    this.#hosts = checksHost ? new Set(names.map((name) => name.toLowerCase())) : undefined;
    this.#anyOrigin = allowedOrigins.includes("*");
    const listed = allowedOrigins.filter((origin) => origin !== "*").map((origin) => new URL(origin).origin);
    this.#origins = new Set(publicAddress === undefined ? listed : [...listed, publicAddress.origin]);
  }

  /** Throws when the request is not for us or not from where we allow. */
  check(request: IncomingMessage): void {
    refuseTwins(request.rawHeaders);
    const { host: given = "", origin } = request.headers;
    const host = given.toLowerCase();
    if (given !== this.#lastHost && !this.#allowsHost(host)) {
      throw new GatewayError("host_denied", "This Host is not served here; allowedHosts in the config lists more.");
    }
    this.#lastHost = given;
    if (origin === undefined || this.#allowsOrigin(origin, host)) return;
    throw new GatewayError(
      "origin_denied",
      "This Origin may not call the gateway; allowedOrigins in the config lists more.",
    );
  }

  #allowsHost(host: string): boolean {
    if (this.#hosts === undefined) return true;
    return isLoopback(nameOf(host)) || this.#hosts.has(host) || this.#hosts.has(nameOf(host));
  }

  #allowsOrigin(origin: string, host: string): boolean {
    if (this.#anyOrigin || this.#origins.has(origin.toLowerCase())) return true;
    // A page of this machine may call a gateway that it reaches by a loopback name (Inspector, a local web UI).
    const name = /^https?:\/\/([^/?#]+)$/.exec(origin)?.[1];
    return name !== undefined && isLoopback(nameOf(name)) && isLoopback(nameOf(host));
  }
}

export function isLoopback(name: string): boolean {
  return name === "localhost" || name === "::1" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

const nameOf = (host: string): string => host.replace(/:\d+$/, "");

/** node keeps the first of two `Authorization` or `Host` headers; a proxy before us may have judged the other one. */
function refuseTwins(rawHeaders: readonly string[]): void {
  let hosts = 0;
  let authorizations = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
    if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
  }
  if (hosts > 1 || authorizations > 1) {
    throw new GatewayError("invalid_request", "A request may have one Host and one Authorization header.");
  }
}
