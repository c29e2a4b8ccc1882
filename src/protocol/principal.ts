import type { SecurityScheme } from "./security-scheme.ts";

/** The authenticated caller, with the kind of authentication; `anonymous` when none is configured. */
export interface Principal {
  readonly kind: SecurityScheme["kind"] | "anonymous" | "gateway";
  /** Stable and safe to log: a user name or the fingerprint of a token, never the credential. */
  readonly id: string;
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
