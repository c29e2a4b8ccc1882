import { z } from "zod";
import { audienceSchema, issuerUrl, jwtSchema, mappingsSchema, type JwtConfig } from "./auth/jwt-config.ts";

export const oauthSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether tokens of these authorization servers are accepted."),
  provider: z
    .string()
    .min(1)
    .default("oidc")
    .describe("The name of the provider: okta reads the block okta, any other name is for people.")
    .meta({ examples: ["okta", "keycloak"] }),
  authorization_servers: z
    .array(issuerUrl)
    .default([])
    .describe("The issuers of the tokens, spelled as in their `iss`.")
    .meta({ examples: [["https://example.okta.com/oauth2/default"], ["https://auth.example.com/realms/main"]] }),
  audience: audienceSchema
    .optional()
    .describe("The `aud` of tokens for this gateway, as auth.jwt.audience.")
    .meta({ examples: ["api://mcp-gateway"] }),
  bearer_methods_supported: z
    .array(z.literal("header"))
    .default(["header"])
    .describe("How tokens are sent; only in the Authorization header."),
  scopes_supported: z
    .array(z.string().min(1))
    .default([])
    .describe("Scopes that clients should ask for, as auth.jwt.scopesSupported.")
    .meta({ examples: [["openid", "email", "profile"]] }),
});

/** Of a gateway that also asked Okta's own API; tokens are checked with public keys alone. */
const unused = (name: string): z.ZodOptional<z.ZodString> =>
  z
    .string()
    .optional()
    .describe(`Accepted and not used: tokens are checked without Okta's API.`)
    .meta({ examples: [`\${${name}}`] });

export const oktaSchema = z.strictObject({
  issuer: issuerUrl
    .optional()
    .describe("The issuer of the tokens, if not one of oauth.authorization_servers.")
    .meta({ examples: ["${OKTA_ISSUER}"] }),
  org_url: unused("OKTA_ORG_URL"),
  client_id: unused("OKTA_CLIENT_ID"),
  private_key: unused("OKTA_PRIVATE_KEY"),
  private_key_id: unused("OKTA_PRIVATE_KEY_ID"),
});

/** The keys of `auth:` that hold for the tokens of every issuer. */
export const claimSchema = {
  claims: z
    .array(z.string().min(1))
    .optional()
    .describe("Claims of tokens whose values are looked up in mappings.")
    .meta({ examples: [["groups", "roles"]] }),
  mappings: mappingsSchema
    .optional()
    .describe("The scopes that the value of a claim grants: claim:value, in any case.")
    .meta({ examples: [{ "groups:Admin": ["scope:admin"] }] }),
};

/** Of `auth:`, what concerns tokens. */
export const authKeys = z.looseObject({ jwt: jwtSchema.optional(), ...claimSchema });

/** Okta puts it into the tokens of its authorization server "default". */
const OKTA_AUDIENCE = "api://default";

/** What a config says about tokens, in either spelling. */
export interface TokenConfig {
  readonly auth: object;
  readonly oauth?: z.output<typeof oauthSchema> | undefined;
  readonly okta?: z.output<typeof oktaSchema> | undefined;
  readonly publicUrl?: string | undefined;
  readonly servers: object;
}

/** All of it as one `auth.jwt` block; undefined when no tokens are accepted. */
export function tokenConfig(config: TokenConfig): JwtConfig | undefined {
  const { jwt, claims = [], mappings = {} } = authKeys.parse(config.auth);
  const own = jwt?.enabled === true ? jwt : undefined;
  const foreign = foreignIssuers(config);
  if (own === undefined && foreign.length === 0) return undefined;
  const base = own ?? jwtSchema.parse({});
  const { oauth } = config;
  return {
    ...base,
    audience: base.audience ?? ownUrls(config),
    claims: [...claims, ...(base.claims ?? [])],
    mappings: merged(mappings, base.mappings ?? {}),
    issuers: [...base.issuers, ...foreign],
    advertise: jwt?.advertise ?? true,
    scopesSupported: [
      ...new Set([...base.scopesSupported, ...(foreign.length > 0 ? (oauth?.scopes_supported ?? []) : [])]),
    ],
  };
}

/** The issuers of `oauth:` and `okta:`. */
function foreignIssuers(config: TokenConfig): JwtConfig["issuers"] {
  const { oauth, okta } = config;
  if (oauth === undefined || !oauth.enabled) return [];
  const isOkta = oauth.provider.toLowerCase() === "okta";
  const named = isOkta && okta?.issuer !== undefined ? [okta.issuer] : oauth.authorization_servers;
  const audience = oauth.audience ?? (isOkta ? [OKTA_AUDIENCE, ...ownUrls(config)] : undefined);
  return [...new Set(named)].map((issuer) => ({ issuer, ...(audience !== undefined && { audience }) }));
}

/** What clients are told about tokens; undefined when they are not to be told anything. */
export function tokenOffer(
  config: TokenConfig,
  jwt: JwtConfig | undefined,
): { readonly authorizationServers: string[]; readonly scopes: string[] } | undefined {
  if (jwt === undefined || !jwt.advertise) return undefined;
  return { authorizationServers: authorizationServers(config, jwt), scopes: jwt.scopesSupported };
}

/** Where clients get tokens: what the config names, else the issuers. */
function authorizationServers({ oauth }: TokenConfig, jwt: JwtConfig): string[] {
  const named = [...jwt.authorizationServers, ...(oauth?.enabled === true ? oauth.authorization_servers : [])];
  const issuers = [...(jwt.issuer === undefined ? [] : [jwt.issuer]), ...jwt.issuers.map(({ issuer }) => issuer)];
  return [...new Set(named.length > 0 ? named : issuers)];
}

/** The `aud` of a token that a client asked for by the URL it uses (RFC 8707 §2). Without publicUrl no URL is ours for certain. */
function ownUrls({ publicUrl, servers }: TokenConfig): string[] {
  if (publicUrl === undefined) return [];
  const base = publicUrl.replace(/\/$/, "");
  const paths = Object.keys(servers).flatMap((name) => [`/${name}`, `/${name}/mcp`, `/${name}/sse`]);
  return [base, `${base}/`, ...paths.map((path) => base + path)];
}

function merged(
  one: Readonly<Record<string, readonly string[]>>,
  other: Readonly<Record<string, readonly string[]>>,
): Record<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [key, scopes] of [...Object.entries(one), ...Object.entries(other)])
    all.set(key, [...(all.get(key) ?? []), ...scopes]);
  return Object.fromEntries(all);
}
