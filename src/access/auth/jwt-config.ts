import { z } from "zod";
import { isSecureUrl } from "./secure-url.ts";

/** Signatures that only the issuer can make: a symmetric key would let everybody who checks a token issue one (RFC 8725 §2.1). */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const SECURE = "must be an https URL without query, fragment and credentials; http only for a loopback host";

export const issuerUrl = z.string().refine(isSecureUrl, SECURE);

/** RFC 7519 §4.1.3: one value or a list. */
export const audienceSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const claimName = z.string().min(1);

export const mappingsSchema = z.record(z.string().min(1), z.array(z.string().min(1)));

/** What is true of the tokens of one issuer. */
const tokenKeys = {
  jwksUri: issuerUrl
    .optional()
    .describe("Where its keys are, if not where its discovery document says.")
    .meta({ examples: ["https://idp.example.com/keys"] }),
  audience: audienceSchema
    .optional()
    .describe(
      "The `aud` of tokens for this gateway: one of these, exactly. By default publicUrl and the URLs of servers below it.",
    )
    .meta({ examples: ["https://mcp.example.com", ["api://mcp-gateway"]] }),
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .optional()
    .describe("The accepted signature algorithms; by default every asymmetric one.")
    .meta({ examples: [["RS256"]] }),
  claims: z
    .array(claimName)
    .optional()
    .describe("Claims whose values are looked up in mappings, in addition to auth.claims; a dot leads into an object.")
    .meta({ examples: [["groups", "realm_access.roles"]] }),
  mappings: mappingsSchema
    .optional()
    .describe("The scopes that the value of a claim grants, by claim:value in any case, in addition to auth.mappings.")
    .meta({ examples: [{ "groups:Admin": ["scope:admin"] }] }),
  tenantClaim: claimName
    .optional()
    .describe("The claim that names the caller's organization.")
    .meta({ examples: ["tid", "org_id"] }),
  clientClaim: claimName
    .optional()
    .describe("The claim that names the caller's application.")
    .meta({ examples: ["azp", "client_id"] }),
  groupsClaim: claimName
    .optional()
    .describe("The claim with the caller's groups; groups by default.")
    .meta({ examples: ["roles"] }),
};

const issuerEntry = z.strictObject({
  issuer: issuerUrl
    .describe("The `iss` of its tokens, exactly; its discovery document is below it.")
    .meta({ examples: ["https://idp.example.com"] }),
  ...tokenKeys,
});

export const jwtSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether this method is used."),
    issuer: issuerUrl
      .optional()
      .describe("Who issues the tokens, spelled as in their `iss`; its discovery document is below it.")
      .meta({ examples: ["https://idp.example.com", "https://login.microsoftonline.com/<tenant>/v2.0"] }),
    ...tokenKeys,
    issuers: z
      .array(issuerEntry)
      .default([])
      .describe("Several issuers, each with its own keys; what one of them does not say is as for all.")
      .meta({ examples: [[{ issuer: "https://idp.example.com", audience: "https://mcp.example.com" }]] }),
    advertise: z
      .boolean()
      .default(true)
      .describe(
        "Tell clients where to get a token (RFC 9728). Some, such as Cursor, then ignore the headers that they are configured with.",
      ),
    scopesSupported: z
      .array(z.string().min(1))
      .default([])
      .describe("Scopes that clients should ask for, for the metadata of the gateway.")
      .meta({ examples: [["openid", "profile"]] }),
    authorizationServers: z
      .array(issuerUrl)
      .default([])
      .describe("Where clients get tokens, if not at the issuers themselves.")
      .meta({ examples: [["https://idp.example.com"]] }),
  })
  .describe("JSON Web Tokens of an OpenID Connect or OAuth 2.0 issuer (RFC 9068), with its public keys.")
  .meta({ examples: [{ issuer: "https://idp.example.com", audience: "https://mcp.example.com" }] });

export type JwtConfig = z.output<typeof jwtSchema>;
