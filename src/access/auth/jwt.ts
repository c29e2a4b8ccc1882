import { member } from "../../lib/json.ts";
import type { Credentials } from "../../protocol/principal.ts";
import type { SecurityScheme } from "../../protocol/security-scheme.ts";
import { bearerChallengeFor } from "./bearer-challenge.ts";
import { openIdUrl } from "./discovery.ts";
import { Issuer, tokenId } from "./issuer.ts";
import { issuerSettings, type IssuerSettings } from "./issuer-settings.ts";
import { jwtSchema } from "./jwt-config.ts";
import { defineAuthMethod } from "./method.ts";

/** JSON Web Tokens, taken from the Authorization header only. */
export const jwt = defineAuthMethod({
  name: "jwt",
  config: jwtSchema,
  create: (config, { emit }) => {
    const settings = issuerSettings(config);
    if (!config.enabled || settings.length === 0) return undefined;
    const issuers = new Map(settings.map((one) => [one.issuer, new Issuer(one, emit)]));
    return {
      schemes: settings.map(schemeOf),
      challenge: bearerChallengeFor,
      authenticate: (credentials) => {
        const token = tokenIn(credentials);
        if (token === undefined) return undefined;
        const id = tokenId(token);
        for (const issuer of issuers.values()) {
          const principal = issuer.known(id);
          if (principal !== undefined) return principal;
        }
        return issuers.get(issuerIn(token))?.check(token, id);
      },
      prepare: () => {
        for (const issuer of issuers.values()) issuer.prepare();
      },
    };
  },
});

/** Three parts in base64url (RFC 7515 §3.1); without a signature the third is empty. */
const IN_AUTHORIZATION = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

function tokenIn({ authorization }: Credentials): string | undefined {
  return authorization === undefined ? undefined : IN_AUTHORIZATION.exec(authorization)?.[1];
}

/** Who a token claims to be from, so that its keys are looked up and nobody else's. Nothing is trusted yet. */
function issuerIn(token: string): string {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const issuer = member(payload, "iss");
    return typeof issuer === "string" ? issuer : "";
  } catch {
    // It is no JWT.
    return "";
  }
}

/** Without a discovery document there is only the name of the scheme. */
function schemeOf({ issuer, jwksUri }: IssuerSettings): SecurityScheme {
  return jwksUri === undefined ? { kind: "oidc", url: openIdUrl(issuer) } : { kind: "bearer" };
}
