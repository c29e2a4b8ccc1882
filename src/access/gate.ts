import { GatewayError } from "../protocol/errors.ts";
import { anonymous, type Credentials, type Gate, type Principal } from "../protocol/principal.ts";
import type { SecurityScheme } from "../protocol/security-scheme.ts";
import type { AuthContext, Authenticator, Rejection } from "./auth/method.ts";
import { authMethods } from "./auth/methods.ts";
import { Logins } from "./logins.ts";

/** Authenticates each HTTP request once. Any enabled method may admit it; with none enabled every caller is anonymous. */
export class AccessGate implements Gate {
  readonly schemes: readonly SecurityScheme[];
  readonly #authenticators: readonly Authenticator[];
  readonly #logins: Logins;
  /** Whether keys are taken from headers of their own. */
  readonly #takesKeys: boolean;

  constructor(authenticators: readonly Authenticator[], logins = new Logins()) {
    this.#authenticators = authenticators;
    this.#logins = logins;
    this.schemes = distinct(authenticators.flatMap(({ schemes }) => schemes));
    this.#takesKeys = this.schemes.some(({ kind }) => kind === "apiKey");
  }

  get authenticates(): boolean {
    return this.#authenticators.length > 0;
  }

  /** The keys under `auth:` of the methods that are on. */
  get methods(): string[] {
    return this.#authenticators.flatMap(({ name }) => name ?? []);
  }

  /** Lets every method fetch in advance what the first caller would otherwise wait for. */
  prepare(): void {
    for (const authenticator of this.#authenticators) authenticator.prepare?.();
  }

  admit(credentials: Credentials): Principal | Promise<Principal> {
    if (!this.authenticates) return anonymous;
    if (this.#takesKeys) refuseMixed(credentials);
    return this.#ask(0, credentials);
  }

  /** Tries the methods in order, from index `first`. */
  #ask(first: number, credentials: Credentials): Principal | Promise<Principal> {
    for (let index = first; index < this.#authenticators.length; index++) {
      const found = this.#authenticators[index]?.authenticate(credentials);
      if (found instanceof Promise) return this.#await(found, index, credentials);
      if (found !== undefined) return this.#settle(found, credentials);
    }
    throw this.#refusal(credentials);
  }

  async #await(
    asked: Promise<Principal | Rejection | undefined>,
    index: number,
    credentials: Credentials,
  ): Promise<Principal> {
    const found = await asked;
    return found === undefined ? this.#ask(index + 1, credentials) : this.#settle(found, credentials);
  }

  #settle(found: Principal | Rejection, credentials: Credentials): Principal {
    if ("rejected" in found) throw this.#refusal(credentials, found);
    this.#logins.admit(credentials.address, found);
    return found;
  }

  /** Throws instead when there were too many of them. */
  #refusal(credentials: Credentials, rejection?: Rejection): GatewayError {
    const isTry = this.#hasCredentials(credentials);
    // Who presents a token that was once valid does not guess.
    if (isTry && rejection?.isGenuine !== true) this.#logins.fail(credentials.address);
    const challenges = distinctChallenges(this.#authenticators.map(({ challenge }) => challenge(credentials)));
    const message = isTry ? "The credentials are not valid." : "Credentials are required.";
    return new GatewayError("unauthorized", message, {
      challenges,
      cause: rejection?.rejected,
      log: placeOf(credentials),
      isLoginFailure: isTry,
    });
  }

  #hasCredentials({ authorization, xApiKey, apiKey }: Credentials): boolean {
    return authorization !== undefined || (this.#takesKeys && (xApiKey !== undefined || apiKey !== undefined));
  }
}

/** For the operator, who may want to shut an address out. */
const placeOf = ({ address }: Credentials): Readonly<Record<string, string>> =>
  address === undefined ? {} : { address };

/** RFC 6750 §2: a client must not use more than one way to send a token, and §3.1: it is told `invalid_request` (400). */
function refuseMixed({ authorization, xApiKey, apiKey }: Credentials): void {
  if (xApiKey === undefined && apiKey === undefined) return;
  if (authorization === undefined && (xApiKey === undefined || apiKey === undefined)) return;
  throw new GatewayError(
    "invalid_request",
    "Send credentials in one header only: Authorization, X-API-Key or Api-Key.",
  );
}

/** Bearer first: the official SDK reads the scheme of the first challenge only. */
function distinctChallenges(challenges: readonly string[]): string[] {
  return [...new Set(challenges)].toSorted((a, b) => Number(b.startsWith("Bearer")) - Number(a.startsWith("Bearer")));
}

function distinct(schemes: readonly SecurityScheme[]): SecurityScheme[] {
  return [...new Map(schemes.map((scheme) => [JSON.stringify(scheme), scheme])).values()];
}

/** The enabled methods of an `auth:` block. */
export function configuredAuthenticators(
  auth: Readonly<Record<string, unknown>>,
  context?: AuthContext,
): Authenticator[] {
  return authMethods.flatMap((method) => {
    const config = auth[method.name];
    return config === undefined ? [] : (method.create(config, context) ?? []);
  });
}
