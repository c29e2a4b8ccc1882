import type { SecurityScheme } from "./security-scheme.ts";

/** Who calls, told apart by how that was found out; `anonymous` when nothing authenticates. */
export interface Principal {
  readonly kind: SecurityScheme["kind"] | "anonymous" | "gateway";
  /** Stable and fit for logs: a user name, or the fingerprint of a token; never the credential. */
  readonly id: string;
}

/** The gateway itself, when it asks a server for its tools. */
export const gatewayItself: Principal = { kind: "gateway", id: "catalog" };

export const anonymous: Principal = { kind: "anonymous", id: "anonymous" };

/** One text per principal; two principals never share it. */
export function principalKey(principal: Principal): string {
  return `${principal.kind}:${principal.id}`;
}

/** What authentication may look at: never a body, a query or a socket. */
export interface Credentials {
  readonly authorization: string | undefined;
}

/** Admits, or throws (or rejects with) a GatewayError with the challenges of every method that is on. */
export interface Gate {
  /** At once, unless something has to be asked elsewhere first, such as the keys of an issuer. */
  admit(credentials: Credentials): Principal | Promise<Principal>;
}
