import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../lib/hosts.ts";
import { GatewayError } from "../protocol/errors.ts";
import { isCrossSite } from "./fetch-metadata.ts";

export interface OriginPolicy {
  /** The address that is bound. */
  readonly hostname: string;
  readonly publicUrl?: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Whether callers must show credentials. */
  readonly authenticates: boolean;
}

/**
 * Who may be addressed and from where: the guard against DNS rebinding and cross-site requests (MCP 2025-11-25, transports,
 * security warning: an invalid Origin MUST be answered with 403). Browsers send no Origin with a GET of an image, a navigation
 * or a page's own address, so Origin alone is no guard: a page that rebinds its own name is told by that name in Host, and a
 * foreign page by its Sec-Fetch-Site.
 */
export class Origins {
  readonly #names: "listed" | "unclaimed" | "any";
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #anyOrigin: boolean;
  /** The last Host that was allowed, as it came: almost always the next one too. */
  #lastHost: string | undefined;

  constructor({ hostname, publicUrl, allowedHosts, allowedOrigins, authenticates }: OriginPolicy) {
    const publicAddress = publicUrl === undefined ? undefined : new URL(publicUrl);
    const isListed = isLoopback(hostname) || allowedHosts.length > 0;
    // Credentials are a guard of their own: a page that rebinds its name has none of them.
    this.#names = isListed ? "listed" : authenticates ? "any" : "unclaimed";
    const names = [...allowedHosts, ...(publicAddress === undefined ? [] : [publicAddress.host])];
    this.#hosts = new Set(names.map((name) => name.toLowerCase()));
    this.#anyOrigin = allowedOrigins.includes("*");
    const listed = allowedOrigins.filter((origin) => origin !== "*").map((origin) => new URL(origin).origin);
    this.#origins = new Set(publicAddress === undefined ? listed : [...listed, publicAddress.origin]);
  }

  /** Throws when the request is not for us or not from where we allow. */
  check(request: IncomingMessage): void {
    refuseRepeatedHeaders(request.rawHeaders);
    const { host: given = "", origin } = request.headers;
    const host = given.toLowerCase();
    if (given !== this.#lastHost && !this.#allowsHost(host)) {
      throw new GatewayError(
        "host_denied",
        "This host name is not served: add it to allowedHosts in the gateway's config, or set publicUrl.",
      );
    }
    this.#lastHost = given;
    // The page of an allowed origin is cross-site, too, and may do what it was allowed.
    if (origin === undefined ? this.#anyOrigin || !isCrossSite(request) : this.#allowsOrigin(origin, host)) return;
    throw new GatewayError(
      "origin_denied",
      "Web pages of other origins may not call the gateway: add the origin to allowedOrigins in its config.",
    );
  }

  #allowsHost(host: string): boolean {
    if (this.#names === "any") return true;
    const name = nameOf(host);
    if (isLoopback(name) || CONTAINER_HOSTS.has(name) || this.#hosts.has(host) || this.#hosts.has(name)) return true;
    return this.#names === "unclaimed" && isUnclaimed(name);
  }

  #allowsOrigin(origin: string, host: string): boolean {
    if (this.#anyOrigin || this.#origins.has(origin.toLowerCase())) return true;
    // A page of this machine may call a gateway that it reaches by a loopback name (Inspector, a local web UI).
    const name = /^https?:\/\/([^/?#]+)$/.exec(origin)?.[1];
    return name !== undefined && isLoopback(nameOf(name)) && isLoopback(nameOf(host));
  }
}

/** How containers call the machine that runs them (Docker, Podman); `.internal` is in nobody's public DNS. */
const CONTAINER_HOSTS: ReadonlySet<string> = new Set([
  "host.docker.internal",
  "gateway.docker.internal",
  "host.containers.internal",
]);

/**
 * A Host that no web page from elsewhere can have: an address instead of a name, a name of one label (`gateway`, as in docker
 * compose), or none at all. A `.local` name is anybody's in the same network (RFC 6762 §3), so it has to be listed.
 */
function isUnclaimed(name: string): boolean {
  return /^[a-z0-9_-]*$/.test(name) || isIP(name) === 4 || isIP(name.replace(/^\[(.*)\]$/, "$1")) === 6;
}

const nameOf = (host: string): string => host.replace(/:\d+$/, "");

/** node keeps the first of two `Authorization` or `Host` headers; a proxy before us may have judged the other one. */
function refuseRepeatedHeaders(rawHeaders: readonly string[]): void {
  let hosts = 0;
  let authorizations = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
    if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
  }
  if (hosts > 1 || authorizations > 1) {
    throw new GatewayError("invalid_request", "A request may have only one Host and one Authorization header.");
  }
}
