import { GatewayError } from "../protocol/errors.ts";
import { anonymous, type Credentials, type Gate, type Principal } from "../protocol/principal.ts";
import type { Authenticator } from "./auth/method.ts";
import { authMethods } from "./auth/methods.ts";

/** Authenticates each HTTP request once. Any enabled method may admit it; with none enabled every caller is anonymous. */
export class AccessGate implements Gate {
  readonly #authenticators: readonly Authenticator[];

  constructor(authenticators: readonly Authenticator[]) {
    this.#authenticators = authenticators;
  }

  get authenticates(): boolean {
    return this.#authenticators.length > 0;
  }

  admit(credentials: Credentials): Principal | Promise<Principal> {
    return this.authenticates ? this.#ask(0, credentials) : anonymous;
  }

  /** Tries the methods in order, from index `first`. */
  #ask(first: number, credentials: Credentials): Principal | Promise<Principal> {
    for (let index = first; index < this.#authenticators.length; index++) {
      const found = this.#authenticators[index]?.authenticate(credentials);
      if (found instanceof Promise) return this.#await(found, index, credentials);
      if (found !== undefined) return found;
    }
    throw this.#refusal(credentials);
  }

  async #await(asked: Promise<Principal | undefined>, index: number, credentials: Credentials): Promise<Principal> {
    return (await asked) ?? this.#ask(index + 1, credentials);
  }

  #refusal(credentials: Credentials): GatewayError {
    const challenges = this.#authenticators.map((authenticator) => authenticator.challenge(credentials));
    const isLoginFailure = credentials.authorization !== undefined;
    const message = isLoginFailure ? "The credentials are not valid." : "Credentials are required.";
    return new GatewayError("unauthorized", message, { challenges, isLoginFailure });
  }
}

/** The enabled methods of an `auth:` block. */
export function configuredAuthenticators(auth: Readonly<Record<string, unknown>>): Authenticator[] {
  return authMethods.flatMap((method) => {
    const config = auth[method.name];
    return config === undefined ? [] : (method.create(config) ?? []);
  });
}
