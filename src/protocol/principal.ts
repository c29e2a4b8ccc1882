import type { JsonObject } from "../lib/json.ts";
import type { SecurityScheme } from "./security-scheme.ts";

/** The authenticated caller, with the kind of authentication; `anonymous` when none is configured. */
export interface Principal {
  readonly kind: SecurityScheme["kind"] | "anonymous" | "gateway";
  /** Stable and safe to log: a user name or the fingerprint of a token, never the credential. */
  readonly id: string;
  /** The organization and the application that the caller belongs to, as its API key or token says. */
  readonly tenant?: string | undefined;
  readonly client?: string | undefined;
  /** The permissions granted to the caller (RFC 6749 §3.3). */
  readonly scopes?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  /** The claims of its JWT (RFC 7519 §4). */
  readonly claims?: JsonObject | undefined;
}

/** The gateway itself, when it lists the tools of a server. */
export const gatewayItself: Principal = { kind: "gateway", id: "catalog" };

export const anonymous: Principal = { kind: "anonymous", id: "anonymous" };

/** A unique key for a principal. */
export function principalKey(principal: Principal): string {
  return `${principal.kind}:${principal.id}`;
}

/** The parts of a request that authentication may use: never the body, the query or the socket. */
export interface Credentials {
  readonly authorization: string | undefined;
}

/** Admits a request. Throws or rejects with a GatewayError that carries the challenges of every enabled method. */
export interface Gate {
  /** Synchronous unless the method has to fetch something first, such as the keys of an issuer. */
  admit(credentials: Credentials): Principal | Promise<Principal>;
}
