import { Strategy as BearerStrategy } from "passport-http-bearer";
import { z } from "zod";
import { digest, Secret } from "../../lib/secret.ts";
import type { Principal } from "../../protocol/principal.ts";
import { defineAuthMethod, REALM } from "./method.ts";
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

/** Static bearer tokens (RFC 6750), taken from the Authorization header only. */
export const bearer = defineAuthMethod({
  name: "bearer",
  config,
  create: ({ enabled, tokens }) => {
    if (!enabled) return undefined;
    const known = tokens.map((token) => new Secret(token));
    const run = strategyRunner(
      new BearerStrategy((token: string, done) => done(null, principalOf(token, known) ?? false)),
    );
    return {
      scheme: { kind: "bearer" },
      challenge: ({ authorization }) =>
        authorization !== undefined && TOKEN_SENT.test(authorization) ? INVALID_TOKEN : CHALLENGE,
      authenticate: ({ authorization }) => (authorization === undefined ? undefined : run(authorization)),
    };
  },
});

const CHALLENGE = `Bearer realm="${REALM}"`;
/** RFC 6750 §3.1: `invalid_token` is only sent when the request carried a token; a request without credentials gets no error code. */
const INVALID_TOKEN = `${CHALLENGE}, error="invalid_token", error_description="The access token is not valid"`;
const TOKEN_SENT = /^Bearer +[^ ]/i;

function principalOf(token: string, known: readonly Secret[]): Principal | undefined {
  const candidate = digest(token);
  let found: Secret | undefined;
  // Compares every token even after a match: the duration does not reveal the position.
  for (const secret of known) if (secret.matches(candidate)) found = secret;
  return found === undefined ? undefined : { kind: "bearer", id: found.fingerprint };
}
