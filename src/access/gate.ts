import { GatewayError } from "../protocol/errors.ts";
import { anonymous, type Doorkeeper, type Knock, type Principal } from "../protocol/principal.ts";
import type { Authenticator } from "./auth/method.ts";
import { authMethods } from "./auth/methods.ts";

/** Once per HTTP request: who is it? Any method that knows the caller admits; with none configured everybody is anonymous. */
export class Gate implements Doorkeeper {
  readonly #authenticators: readonly Authenticator[];

  constructor(authenticators: readonly Authenticator[]) {
    this.#authenticators = authenticators;
  }

  get authenticates(): boolean {
    return this.#authenticators.length > 0;
  }

  admit(knock: Knock): Principal {
    if (!this.authenticates) return anonymous;
    for (const authenticator of this.#authenticators) {
      const principal = authenticator.authenticate(knock);
      if (principal !== undefined) return principal;
    }
    const challenges = this.#authenticators.map((authenticator) => authenticator.challenge(knock));
    const message = knock.authorization === undefined ? "Credentials are required." : "The credentials are not valid.";
    throw new GatewayError("unauthenticated", message, { challenges });
  }
}

/** The methods that an `auth:` block switches on. */
export function configuredAuthenticators(auth: Readonly<Record<string, unknown>>): Authenticator[] {
  return authMethods.flatMap((method) => {
    const config = auth[method.name];
    return config === undefined ? [] : (method.create(config) ?? []);
  });
}
