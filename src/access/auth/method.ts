import type { z } from "zod";
import type { Credentials, Principal } from "../../protocol/principal.ts";
import type { SecurityScheme } from "../../protocol/security-scheme.ts";

/** One way to tell who calls. It only gives a verdict: nothing here writes to a socket. */
export interface Authenticator {
  /** The principal, or undefined when this method does not know the caller; a promise where something is asked elsewhere. */
  authenticate(credentials: Credentials): Principal | undefined | Promise<Principal | undefined>;
  /** Its `WWW-Authenticate` challenge (RFC 9110 §11.6.1) to a caller whom nothing admitted. */
  challenge(credentials: Credentials): string;
  /** As OpenAPI describes it. */
  readonly scheme: SecurityScheme;
}

/** An auth method: its key under `auth:`, its config, and what it makes of it; `undefined` when it is switched off. */
export interface AuthMethod {
  readonly name: string;
  readonly config: z.ZodObject;
  readonly create: (config: unknown) => Authenticator | undefined;
}

export interface AuthMethodDefinition<C extends z.ZodObject> {
  readonly name: string;
  readonly config: C;
  readonly create: (config: z.output<C>) => Authenticator | undefined;
}

export function defineAuthMethod<C extends z.ZodObject>(method: AuthMethodDefinition<C>): AuthMethod {
  return { ...method, create: (config) => method.create(method.config.parse(config)) };
}

export const REALM = "MCP Gateway";
