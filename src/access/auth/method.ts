import type { z } from "zod";
import type { Emit } from "../../protocol/events.ts";
import type { Credentials, Principal } from "../../protocol/principal.ts";
import type { SecurityScheme } from "../../protocol/security-scheme.ts";

/** A credential that belongs to this method, but is not valid, or no longer: no later method is asked. */
export interface Rejection {
  /** For the log only. */
  readonly rejected: unknown;
  /** True for a credential that was issued to somebody, such as an expired token: then this is no guess. */
  readonly isGenuine: boolean;
}

type Verdict = Principal | Rejection | undefined;

/** An authentication method. It only decides; it never writes to a socket. */
export interface Authenticator {
  /** The principal, or undefined when this method does not recognise the caller; a promise if it has to ask another system. */
  authenticate(credentials: Credentials): Verdict | Promise<Verdict>;
  /** The `WWW-Authenticate` challenge (RFC 9110 §11.6.1) for a caller that no method recognised. */
  challenge(credentials: Credentials): string;
  /** The method in OpenAPI's terms; several if it trusts several issuers. */
  readonly schemes: readonly SecurityScheme[];
  /** Its key under `auth:`. */
  readonly name?: string;
  /** Fetches in advance what the first caller would otherwise wait for. Never throws. */
  prepare?(): void;
}

/** What a method may need besides its own config. */
export interface AuthContext {
  readonly emit: Emit;
}

/**
 * An auth method: its key under `auth:`, its config schema, its config when it is off, and its factory, which returns `undefined`
 * when it is disabled.
 */
export interface AuthMethod {
  readonly name: string;
  readonly config: z.ZodType;
  readonly off: () => unknown;
  readonly create: (config: unknown, context?: AuthContext) => Authenticator | undefined;
}

export interface AuthMethodDefinition<C extends z.ZodType> {
  readonly name: string;
  readonly config: C;
  /** Its config when it is off; by default `enabled: false`, with defaults. */
  readonly off?: () => z.output<C>;
  readonly create: (config: z.output<C>, context: AuthContext) => Authenticator | undefined;
}

export function defineAuthMethod<C extends z.ZodType>(method: AuthMethodDefinition<C>): AuthMethod {
  const { name, config } = method;
  return {
    name,
    config,
    off: method.off ?? (() => config.parse({ enabled: false })),
    create: (given, context = SILENT) => {
      const made = method.create(config.parse(given), context);
      return made && { ...made, name };
    },
  };
}

const SILENT: AuthContext = { emit: () => undefined };
