import type { JsonObject } from "../lib/json.ts";
import type { SecurityScheme } from "./security-scheme.ts";

/** The authenticated caller, with the kind of authentication; `anonymous` when none is configured. */
export interface Principal {
  readonly kind: Exclude<SecurityScheme["kind"], "oidc"> | "jwt" | "anonymous" | "gateway";
  /** Stable and safe to log: a user name, the fingerprint of a token, or an issuer and its subject; never the credential. */
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

/**
 * A unique key for a principal. The tenant is a part of it: the same subject in another organization is somebody else. Its length
 * comes first, so that no id and tenant read like others.
 */
export function principalKey({ kind, tenant, id }: Principal): string {
  return tenant === undefined ? `${kind}:${id}` : `${kind}@${tenant.length}:${tenant}:${id}`;
}

/** The parts of a request that authentication may use: never the body or the query (RFC 9700 §4.3.2). */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly xApiKey?: string | undefined;
  readonly apiKey?: string | undefined;
  /** The address of the client; undefined when its connection is already closed. */
  readonly address?: string | undefined;
  /** Stands for the connection; undefined when it is not known. */
  readonly connection?: object | undefined;
}

/** Admits a request. Throws or rejects with a GatewayError that carries the challenges of every enabled method. */
export interface Gate {
  /** Synchronous unless the method has to fetch something first, such as the keys of an issuer. */
  admit(credentials: Credentials): Principal | Promise<Principal>;
}
