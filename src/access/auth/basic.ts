import { BasicStrategy } from "passport-http";
import { z } from "zod";
import { digest, Secret } from "../../lib/secret.ts";
import { REALM } from "../../protocol/challenges.ts";
import type { Principal } from "../../protocol/principal.ts";
import { defineAuthMethod } from "./method.ts";
import { ProvenCredentials } from "./proven-credentials.ts";
import { strategyRunner, type HeadersOnly, type Verdict } from "./strategy.ts";

const config = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether this method is used."),
    credentials: z
      .array(
        z.strictObject({
          // RFC 7617 §2: a user-id cannot contain a colon, which separates it from the password.
          username: z
            .string()
            .min(1)
            .regex(/^[^:\p{Cc}]*$/u, "a user name cannot contain a colon or a control character")
            .describe("The user name, without a colon.")
            .meta({ examples: ["admin"] }),
          password: z
            .string()
            .min(1)
            .describe("The password; better taken from a variable or a file than written here.")
            .meta({ examples: ["${ADMIN_PASSWORD}", "${file:/run/secrets/password}"] }),
        }),
      )
      .default([])
      .describe("The accepted user names and passwords.")
      .meta({ examples: [[{ username: "admin", password: "${ADMIN_PASSWORD}" }]] }),
  })
  .describe("HTTP Basic: user names and passwords.")
  .meta({ examples: [{ credentials: [{ username: "admin", password: "${ADMIN_PASSWORD}" }] }] })
  .refine(({ enabled, credentials }) => !enabled || credentials.length > 0, {
    path: ["credentials"],
    message: "at least one credential is needed, or enabled: false",
  });

interface Credential {
  readonly principal: Principal;
  readonly usernameDigest: Secret;
  readonly password: Secret;
}

/** HTTP Basic (RFC 7617). */
export const basic = defineAuthMethod({
  name: "basic",
  config,
  create: ({ enabled, credentials }) => {
    if (!enabled) return undefined;
    const known = credentials.map(({ username, password }) => ({
      principal: { kind: "basic", id: username } as const,
      usernameDigest: new Secret(username),
      password: new Secret(password),
    }));
    const run = strategyRunner(new FirstColonBasicStrategy(known));
    const proven = new ProvenCredentials(run);
    return {
      schemes: [{ kind: "basic" }],
      challenge: () => `Basic realm="${REALM}", charset="UTF-8"`,
      authenticate: (given) => {
        const { authorization } = given;
        return authorization === undefined ? undefined : proven.principalOf(authorization, given);
      },
    };
  },
});

const HEADER = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Replaces passport-http's parsing of the header, which splits at every colon: it truncates passwords that contain one and
 * accepts `user:password:junk`.
 */
class FirstColonBasicStrategy extends BasicStrategy {
  // Not #private: a strategy runs on a copy created with Object.create, which has no private fields.
  readonly principalOf: (authorization: string) => Principal | undefined;

  constructor(known: readonly Credential[]) {
    super({ realm: REALM }, (_user, _password, done) => done(null, false));
    this.principalOf = (authorization) => principalOf(authorization, known);
  }

  override authenticate(this: FirstColonBasicStrategy & Verdict, { headers }: HeadersOnly): void {
    const principal = this.principalOf(headers.authorization ?? "");
    if (principal === undefined) this.fail();
    else this.success(principal);
  }
}

function principalOf(authorization: string, known: readonly Credential[]): Principal | undefined {
  const encoded = HEADER.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon === -1) return undefined;
  const [username, password] = [digest(decoded.slice(0, colon)), digest(decoded.slice(colon + 1))];
  let found: Credential | undefined;
  // Compares every credential, both halves, even after a match: the duration reveals neither a user name nor a position.
  for (const credential of known) {
    const isUser = credential.usernameDigest.matches(username);
    const isPassword = credential.password.matches(password);
    if (isUser && isPassword) found = credential;
  }
  return found?.principal;
}
