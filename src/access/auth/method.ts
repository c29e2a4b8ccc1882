import type { z } from "zod";
import type { Credentials, Principal } from "../../protocol/principal.ts";
import type { SecurityScheme } from "../../protocol/security-scheme.ts";

/** An authentication method. It only decides; it never writes to a socket. */
export interface Authenticator {
  /** The principal, or undefined when this method does not recognise the caller; a promise if it has to ask another system. */
  authenticate(credentials: Credentials): Principal | undefined | Promise<Principal | undefined>;
  /** The `WWW-Authenticate` challenge (RFC 9110 §11.6.1) for a caller that no method recognised. */
  challenge(credentials: Credentials): string;
  /** The method in OpenAPI's terms. */
  readonly scheme: SecurityScheme;
}

/** An auth method: its key under `auth:`, its config schema, and its factory, which returns `undefined` when it is disabled. */
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
