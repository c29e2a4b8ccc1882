import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";
import type { JwtConfig } from "../../src/access/auth/jwt-config.ts";
import { tokenConfig, tokenOffer } from "../../src/access/oauth.ts";

const SERVERS = "servers: { git: { command: x } }\n";
const HASH = `sha256:${"0".repeat(64)}`;

const load = (yaml: string, env: NodeJS.ProcessEnv = {}) => parseConfig("config.yaml", yaml + SERVERS, env);
const tokens = (yaml: string, env?: NodeJS.ProcessEnv): JwtConfig | undefined => tokenConfig(load(yaml, env).config);

const OKTA = `
oauth:
  enabled: true
  provider: "okta"
  authorization_servers:
    - "\${OKTA_ISSUER}"
  bearer_methods_supported: ["header"]
  scopes_supported: ["openid", "email", "profile"]
okta:
  issuer: "\${OKTA_ISSUER}"
  org_url: "\${OKTA_ORG_URL}"
  client_id: "\${OKTA_CLIENT_ID}"
  private_key: "\${OKTA_PRIVATE_KEY}"
  private_key_id: "\${OKTA_PRIVATE_KEY_ID}"
auth:
  claims: ["groups", "roles"]
  mappings:
    "groups:Admin": ["scope:admin"]
`;
const OKTA_ISSUER = "https://example.okta.com/oauth2/default";
const OKTA_ENV = {
  OKTA_ISSUER,
  OKTA_ORG_URL: "https://example.okta.com",
  OKTA_CLIENT_ID: "client",
  OKTA_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nabcdefgh\n-----END PRIVATE KEY-----",
  OKTA_PRIVATE_KEY_ID: "key-id-1234",
};

describe("the block of Okta", () => {
  it("is the same as one of auth.jwt", () => {
    const { config } = load(OKTA, OKTA_ENV);
    const found = tokenConfig(config);
    expect(found).toMatchObject({
      issuers: [{ issuer: OKTA_ISSUER, audience: ["api://default"] }],
      claims: ["groups", "roles"],
      mappings: { "groups:Admin": ["scope:admin"] },
      scopesSupported: ["openid", "email", "profile"],
      advertise: true,
    });
    expect(tokenOffer(config, found)?.authorizationServers).toEqual([OKTA_ISSUER]);
  });

  it("says that Okta's own audience is no good one", () => {
    expect(load(OKTA, OKTA_ENV).notes).toMatchObject([
      { level: "warn", text: expect.stringContaining("api://default") as string },
    ]);
    const own = OKTA.replace("enabled: true", "audience: api://mcp");
    expect(load(own, OKTA_ENV).notes).toEqual([]);
    expect(tokens(own, OKTA_ENV)?.issuers).toEqual([{ issuer: OKTA_ISSUER, audience: "api://mcp" }]);
  });

  it("keeps its private key a secret, and its issuer none", () => {
    const { secrets } = load(OKTA, OKTA_ENV);
    expect(secrets).toContain(OKTA_ENV.OKTA_PRIVATE_KEY);
    expect(secrets.filter((secret) => secret.includes("okta.com") || secret === "header")).toEqual([]);
    expect(secrets).not.toContain("scope:admin");
  });

  it("alone does nothing, and validate says so", () => {
    const { config, notes } = load("okta: { issuer: https://example.okta.com }\n");
    expect(tokenConfig(config)).toBeUndefined();
    expect(notes).toMatchObject([{ level: "warn", text: expect.stringContaining("okta has no effect") as string }]);
  });

  it("is off when oauth is", () => {
    expect(tokens(OKTA.replace("enabled: true", "enabled: false"), OKTA_ENV)).toBeUndefined();
  });
});

describe("the same lines take", () => {
  it.each([
    ["entra", "https://login.microsoftonline.com/8a1b/v2.0"],
    ["auth0", "https://example.eu.auth0.com/"],
    ["keycloak", "https://auth.example.com/realms/main"],
  ])("%s", (provider, issuer) => {
    const yaml = `publicUrl: https://mcp.example.com/gw\noauth: { provider: ${provider}, authorization_servers: ["${issuer}"] }\n`;
    const found = tokens(yaml);
    expect(found?.issuers).toEqual([{ issuer }]);
    expect(found?.audience).toEqual(
      expect.arrayContaining(["https://mcp.example.com/gw", "https://mcp.example.com/gw/git/mcp"]),
    );
  });
});

it("auth.jwt and oauth add up, with the claims and mappings of both places", () => {
  const found = tokens(`
publicUrl: https://mcp.example.com
auth:
  claims: [groups]
  mappings: { "groups:a": [one] }
  jwt: { issuer: https://a.example.com, advertise: false, claims: [roles], mappings: { "groups:a": [two], "roles:b": [three] } }
oauth: { authorization_servers: ["https://b.example.com"] }
`);
  expect(found).toMatchObject({
    issuer: "https://a.example.com",
    issuers: [{ issuer: "https://b.example.com" }],
    advertise: false,
    claims: ["groups", "roles"],
    mappings: { "groups:a": ["one", "two"], "roles:b": ["three"] },
  });
});

describe("a config is refused", () => {
  const JWT = "issuer: https://idp.example.com, audience: a";
  it.each([
    ["an empty list of keys, which would let in everybody", "auth: { apiKeys: [] }", "auth.apiKeys: must not be empty"],
    [
      "an empty id",
      `auth: { apiKeys: [{ id: "", key: long-enough-for-this }] }`,
      "auth.apiKeys.0.id: must not be empty",
    ],
    [
      "an id twice",
      `auth: { apiKeys: [{ id: a, key: k1 }, { id: a, key: k2 }] }`,
      "auth.apiKeys.1.id: another key has this id",
    ],
    [
      "a key twice",
      `auth: { apiKeys: [{ id: a, key: k1 }, { id: b, key: k1 }] }`,
      "auth.apiKeys.1: this key is listed twice",
    ],
    ["key and keyHash", `auth: { apiKeys: [{ key: k1, keyHash: "${HASH}" }] }`, "give either key or keyHash, not both"],
    ["neither", `auth: { apiKeys: [{ id: a }] }`, "auth.apiKeys.0: key or keyHash is missing"],
    ["an empty key", `auth: { apiKeys: [{ key: "" }] }`, "must be visible ASCII"],
    ["a key with a space", `auth: { apiKeys: [{ key: "a b" }] }`, "must be visible ASCII"],
    ["a short hash", `auth: { apiKeys: [{ keyHash: "sha256:abc" }] }`, "must be sha256: and 64"],
    ["another hash", `auth: { apiKeys: [{ keyHash: "md5:${"0".repeat(64)}" }] }`, "must be sha256: and 64"],
    [
      "an issuer without https",
      `auth: { jwt: { issuer: http://idp.example.com, audience: a } }`,
      "auth.jwt.issuer: must be an https URL",
    ],
    [
      "an issuer with a query",
      `auth: { jwt: { issuer: "https://idp.example.com/?a", audience: a } }`,
      "must be an https URL without query",
    ],
    [
      "keys without https",
      `auth: { jwt: { ${JWT}, jwksUri: http://idp.example.com } }`,
      "auth.jwt.jwksUri: must be an https URL",
    ],
    ["an empty audience", `auth: { jwt: { issuer: https://idp.example.com, audience: "" } }`, "auth.jwt.audience"],
    ["no audience", `auth: { jwt: { issuer: https://idp.example.com } }`, "auth.jwt: audience is missing"],
    [
      "an empty list of audiences",
      `auth: { jwt: { issuer: https://idp.example.com, audience: [] } }`,
      "auth.jwt.audience",
    ],
    ["no issuer", `auth: { jwt: { audience: a } }`, "auth.jwt: issuer is missing"],
    ["an issuer twice", `auth: { jwt: { ${JWT}, issuers: [{ ${JWT} }] } }`, "is named twice"],
    ["a symmetric algorithm", `auth: { jwt: { ${JWT}, algorithms: [HS256] } }`, "must be one of RS256"],
    ["alg none", `auth: { jwt: { ${JWT}, algorithms: [none] } }`, "must be one of RS256"],
    ["oauth without issuers", `oauth: { provider: okta }`, "oauth: authorization_servers is missing"],
    [
      "a token in the query",
      `oauth: { authorization_servers: [https://a.example.com], bearer_methods_supported: [query] }`,
      "must be one of header",
    ],
    ["a mistyped key", `auth: { apiKeys: [{ keyhash: "${HASH}" }] }`, `did you mean "keyHash"?`],
    ["a proxy that is a name", `trustedProxies: [localhost]`, "must be an address or a range"],
  ])("for %s", (_what, yaml, message) => {
    expect(problemsOf(yaml)).toContain(message);
  });

  it("but not for an issuer on this machine without TLS", () => {
    for (const host of ["localhost:8080", "127.0.0.1", "[::1]:1"])
      expect(problemsOf(`auth: { jwt: { issuer: "http://${host}", audience: a } }`)).toBe("");
  });
});

describe("of API keys", () => {
  it("short ones are warned of, at their line, without being repeated", () => {
    const { notes } = load("auth:\n  apiKeys:\n    - { id: a, key: short-one }\n");
    expect(notes).toMatchObject([
      { level: "warn", text: expect.stringMatching(/^config.yaml:3:\d+ auth.apiKeys.0.key/) as string },
    ]);
    expect(JSON.stringify(notes)).not.toContain("short-one");
  });

  it("every key and hash is a secret, whatever stands beside it is not", () => {
    const { secrets } = load(
      `auth: { mode: apiKey, apiKeys: [{ id: a, key: the-key-itself, tenant: acme, scopes: ["s:x"] }, { id: b, keyHash: "${HASH}" }] }\n`,
    );
    expect(secrets.toSorted()).toEqual([HASH, "the-key-itself"].toSorted());
  });
});

function problemsOf(yaml: string): string {
  try {
    load(`${yaml}\n`);
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
