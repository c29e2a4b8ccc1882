import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "../lib/hosts.ts";
import { GatewayError } from "../protocol/errors.ts";
import { isCrossSite } from "./fetch-metadata.ts";

export interface OriginPolicy {
  /** The address the gateway is bound to. */
  readonly hostname: string;
  readonly publicUrl?: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Whether callers need credentials. */
  readonly authenticates: boolean;
}

/**
 * Validates Host and Origin against DNS rebinding and cross-site requests (MCP 2025-11-25, transports, security warning: an
 * invalid Origin MUST be answered with 403). Browsers send no Origin with GET requests for images, navigations or the page's own
 * origin, so Origin alone is not sufficient: a page that rebinds its own name is detected by the Host header, and a foreign page
 * by Sec-Fetch-Site.
 */
export class Origins {
  readonly #names: "listed" | "unclaimed" | "any";
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #anyOrigin: boolean;
  /** The last allowed Host header, unchanged: the next one is almost always the same. */
  #lastHost: string | undefined;

  constructor({ hostname, publicUrl, allowedHosts, allowedOrigins, authenticates }: OriginPolicy) {
    const publicAddress = publicUrl === undefined ? undefined : new URL(publicUrl);
    const isListed = isLoopback(hostname) || allowedHosts.length > 0;
    // With authentication any name is allowed: a page that rebinds its name has no credentials.
    this.#names = isListed ? "listed" : authenticates ? "any" : "unclaimed";
    const names = [...allowedHosts, ...(publicAddress === undefined ? [] : [publicAddress.host])];
    this.#hosts = new Set(names.map((name) => name.toLowerCase()));
    this.#anyOrigin = allowedOrigins.includes("*");
    const listed = allowedOrigins.filter((origin) => origin !== "*").map((origin) => new URL(origin).origin);
    this.#origins = new Set(publicAddress === undefined ? listed : [...listed, publicAddress.origin]);
  }

  /** Throws when the Host or the origin of the request is not allowed. */
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
    // A page of an allowed origin is cross-site too, but it was explicitly allowed.
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
    // A page on a loopback origin may call a gateway that it reaches by a loopback name (MCP Inspector, a local web UI).
    const name = /^https?:\/\/([^/?#]+)$/.exec(origin)?.[1];
    return name !== undefined && isLoopback(nameOf(name)) && isLoopback(nameOf(host));
  }
}

/** The names by which containers reach their host (Docker, Podman); `.internal` is not in the public DNS. */
const CONTAINER_HOSTS: ReadonlySet<string> = new Set([
  "host.docker.internal",
  "gateway.docker.internal",
  "host.containers.internal",
]);

/**
 * Hosts that a foreign web page cannot have: an IP address, a single-label name (`gateway`, as in docker compose), or none at
 * all. `.local` names can be claimed by any device on the network (RFC 6762 §3), so they have to be listed.
 */
function isUnclaimed(name: string): boolean {
  return /^[a-z0-9_-]*$/.test(name) || isIP(name) === 4 || isIP(name.replace(/^\[(.*)\]$/, "$1")) === 6;
}

const nameOf = (host: string): string => host.replace(/:\d+$/, "");

/** Of a repeated header Node keeps the first, or joins both; a proxy in front of us may have checked another one. */
function refuseRepeatedHeaders(rawHeaders: readonly string[]): void {
  let hosts = 0;
  let authorizations = 0;
  let keys = 0;
  let longKeys = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
    else if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
    else if (name?.length === 7 && name.toLowerCase() === "api-key") keys++;
    else if (name?.length === 9 && name.toLowerCase() === "x-api-key") longKeys++;
  }
  if (hosts > 1 || authorizations > 1 || keys > 1 || longKeys > 1) {
    throw new GatewayError(
      "invalid_request",
      "A request may have only one Host and one Authorization, X-API-Key or Api-Key header.",
    );
  }
}
