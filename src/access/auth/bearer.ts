import { Strategy as BearerStrategy } from "passport-http-bearer";
import { z } from "zod";
import { digest, Secret } from "../../lib/secret.ts";
import type { Principal } from "../../protocol/principal.ts";
import { bearerChallengeFor } from "./bearer-challenge.ts";
import { defineAuthMethod } from "./method.ts";
import { ProvenCredentials } from "./proven-credentials.ts";
import { strategyRunner } from "./strategy.ts";

const config = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether this method is used."),
    tokens: z
      // RFC 6750 §2.1: b64token; no other token can be sent in the header.
      .array(z.string().regex(/^[A-Za-z0-9._~+/-]+=*$/, "a token may contain A-Z a-z 0-9 . _ ~ + / - and = at its end"))
      .default([])
      .describe("The accepted tokens; each one is a separate caller.")
      .meta({ examples: [["${MCP_GATEWAY_TOKEN}", "${file:/run/secrets/token}"]] }),
  })
  .describe("Static bearer tokens, read from the Authorization header only.")
  .meta({ examples: [{ tokens: ["${MCP_GATEWAY_TOKEN}"] }] })
  .refine(({ enabled, tokens }) => !enabled || tokens.length > 0, {
    path: ["tokens"],
    message: "at least one token is needed, or enabled: false",
  });

interface KnownToken {
  readonly secret: Secret;
  readonly principal: Principal;
}

/** Static bearer tokens (RFC 6750), taken from the Authorization header only. */
export const bearer = defineAuthMethod({
  name: "bearer",
  config,
  create: ({ enabled, tokens }) => {
    if (!enabled) return undefined;
    const known = tokens.map((token): KnownToken => {
      const secret = new Secret(token);
      return { secret, principal: { kind: "bearer", id: secret.fingerprint } };
    });
    const run = strategyRunner(
      new BearerStrategy((token: string, done) => done(null, principalOf(token, known) ?? false)),
    );
    const proven = new ProvenCredentials(run);
    return {
      schemes: [{ kind: "bearer" }],
      challenge: bearerChallengeFor,
      authenticate: (credentials) => {
        const { authorization } = credentials;
        return authorization === undefined ? undefined : proven.principalOf(authorization, credentials);
      },
    };
  },
});

function principalOf(token: string, known: readonly KnownToken[]): Principal | undefined {
  const candidate = digest(token);
  let found: Principal | undefined;
  // Compares every token even after a match: the duration does not reveal the position.
  for (const { secret, principal } of known) if (secret.matches(candidate)) found = principal;
  return found;
}
