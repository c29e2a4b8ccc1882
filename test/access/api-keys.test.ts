import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { configuredAuthenticators, AccessGate } from "../../src/access/gate.ts";
import { GatewayError } from "../../src/protocol/errors.ts";
import { principalKey, type Credentials, type Principal } from "../../src/protocol/principal.ts";

const KEY = "a-key.with~all+kinds/of_letters==";
const HASHED = "another-key-of-32-random-letters";
const sha256 = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

const entries = [
  { id: "plain", key: KEY, tenant: "acme", client: "ci", scopes: ["scope:user"] },
  { id: "hashed", keyHash: sha256(HASHED).toUpperCase().replace("SHA256", "sha256") },
  { key: "a-key-without-an-id" },
];
const gate = gateOf({ apiKeys: entries });

describe("a key is taken from", () => {
  it.each<[string, Credentials]>([
    ["Authorization: Bearer", { authorization: `Bearer ${KEY}` }],
    ["Authorization: bearer", { authorization: `bearer  ${KEY}` }],
    ["Authorization: Api-Key", { authorization: `Api-Key ${KEY}` }],
    ["Authorization: api-key", { authorization: `api-key ${KEY}` }],
    ["X-API-Key", { authorization: undefined, xApiKey: KEY }],
    ["Api-Key", { authorization: undefined, apiKey: KEY }],
  ])("%s", (_what, credentials) => {
    expect(gate.admit(credentials)).toEqual({
      kind: "apiKey",
      id: "plain",
      tenant: "acme",
      client: "ci",
      scopes: ["scope:user"],
    });
  });

  it("a config that has only its hash, in any case", () => {
    expect(gate.admit({ authorization: `Bearer ${HASHED}` })).toMatchObject({ kind: "apiKey", id: "hashed" });
  });

  it("an entry without id, whose name then reveals nothing", () => {
    const { id } = admitted({ authorization: "Bearer a-key-without-an-id" });
    expect(id).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("nobody is known by", () => {
  it.each<[string, Credentials]>([
    ["nothing", { authorization: undefined }],
    ["another key", { authorization: "Bearer wrong" }],
    ["an empty X-API-Key", { authorization: undefined, xApiKey: "" }],
    ["an empty Api-Key", { authorization: undefined, apiKey: "" }],
    ["the hash", { authorization: `Bearer ${sha256(HASHED)}` }],
    ["the hash in X-API-Key", { authorization: undefined, xApiKey: sha256(KEY) }],
    ["the id", { authorization: undefined, xApiKey: "plain" }],
    ["the key alone", { authorization: KEY }],
    ["the scheme alone", { authorization: "Api-Key" }],
    ["another scheme", { authorization: `ApiKey ${KEY}` }],
    ["the key and more", { authorization: `Api-Key ${KEY} x` }],
    ["the key twice", { authorization: undefined, xApiKey: `${KEY}, ${KEY}` }],
    ["the key in another case", { authorization: undefined, xApiKey: KEY.toUpperCase() }],
    ["the beginning of a key", { authorization: undefined, xApiKey: KEY.slice(0, -1) }],
    ["a scheme in X-API-Key", { authorization: undefined, xApiKey: `Bearer ${KEY}` }],
    ["Basic", { authorization: `Basic ${Buffer.from(`${KEY}:`).toString("base64")}` }],
    ["what every object has", { authorization: undefined, xApiKey: "__proto__" }],
  ])("%s", (_what, credentials) => {
    expect(refusal(credentials).reason).toBe("unauthorized");
  });
});

describe("credentials in more than one header are refused, even when all are right:", () => {
  it.each<[string, Credentials]>([
    ["Authorization and X-API-Key", { authorization: `Bearer ${KEY}`, xApiKey: KEY }],
    ["Authorization and Api-Key", { authorization: `Bearer ${KEY}`, apiKey: KEY }],
    ["X-API-Key and Api-Key", { authorization: undefined, xApiKey: KEY, apiKey: KEY }],
    ["all three", { authorization: "Basic x", xApiKey: "", apiKey: "" }],
  ])("%s", (_what, credentials) => {
    expect(refusal(credentials)).toMatchObject({ reason: "invalid_request", status: 400 });
  });

  it("but where there are no API keys, such a header is no credential of ours", () => {
    const bearerOnly = gateOf({ bearer: { tokens: ["t"] } });
    expect(bearerOnly.admit({ authorization: "Bearer t", xApiKey: "for somebody else" })).toMatchObject({
      kind: "bearer",
    });
  });
});

describe("a refusal names", () => {
  const API_KEY = 'Api-Key realm="MCP Gateway"';
  const BEARER = 'Bearer realm="MCP Gateway"';
  const INVALID = `${BEARER}, error="invalid_token", error_description="The access token is not valid"`;

  it("Api-Key, and Bearer only to who used it", () => {
    expect(refusal({ authorization: undefined }).details.challenges).toEqual([API_KEY]);
    expect(refusal({ authorization: undefined, xApiKey: "x" }).details.challenges).toEqual([API_KEY]);
    expect(refusal({ authorization: "Bearer x" }).details.challenges).toEqual([INVALID]);
  });

  it("every method once, Bearer first", () => {
    const basic = { credentials: [{ username: "u", password: "p" }] };
    const jwt = { issuer: "https://idp.example.com", audience: "gateway" };
    const all = gateOf({ apiKeys: entries, basic, bearer: { tokens: ["t"] }, jwt });
    const challenges = refusal({ authorization: undefined }, all).details.challenges;
    expect(challenges).toEqual([BEARER, API_KEY, 'Basic realm="MCP Gateway", charset="UTF-8"']);
  });
});

describe("a session's owner", () => {
  it("is told apart by tenant, whatever the ids", () => {
    const owners: Principal[] = [
      { kind: "apiKey", id: "a:b" },
      { kind: "apiKey", id: "b", tenant: "a" },
      { kind: "apiKey", id: ":b", tenant: "a" },
      { kind: "apiKey", id: "b", tenant: "a:" },
      { kind: "apiKey", id: "1:a:b" },
      { kind: "jwt", id: "b", tenant: "a" },
      { kind: "jwt", id: "b", tenant: "A" },
      { kind: "jwt", id: "b", tenant: "" },
      { kind: "jwt", id: "b" },
    ];
    expect(new Set(owners.map(principalKey)).size).toBe(owners.length);
  });

  it("is the same with other scopes, groups and claims", () => {
    const one: Principal = { kind: "jwt", id: "i alice", tenant: "a", scopes: ["x"], claims: { jti: "1" } };
    const next: Principal = {
      kind: "jwt",
      id: "i alice",
      tenant: "a",
      scopes: ["y"],
      groups: ["g"],
      claims: { jti: "2" },
    };
    expect(principalKey(one)).toBe(principalKey(next));
  });
});

function gateOf(auth: object): AccessGate {
  return new AccessGate(configuredAuthenticators({ ...auth }));
}

function admitted(credentials: Credentials): Principal {
  const found = gate.admit(credentials);
  if (found instanceof Promise) throw new Error("a key is known at once");
  return found;
}

function refusal(credentials: Credentials, of = gate): GatewayError {
  try {
    void of.admit(credentials);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was admitted");
}
