import { describe, expect, it } from "vitest";
import { security } from "../../src/openapi/security.ts";
import type { SecurityScheme } from "../../src/protocol/security-scheme.ts";

const every: readonly SecurityScheme[] = [
  { kind: "basic" },
  { kind: "bearer" },
  { kind: "apiKey", header: "X-API-Key" },
  { kind: "oidc", url: "https://idp.acme.dev/.well-known/openid-configuration" },
];

describe("security", () => {
  it("offers every configured scheme as an alternative", () => {
    expect(security(every, "full")).toEqual({
      schemes: {
        basicAuth: { type: "http", scheme: "basic" },
        bearerAuth: { type: "http", scheme: "bearer" },
        apiKeyAuth: { type: "apiKey", in: "header", name: "X-API-Key" },
        oidc: { type: "openIdConnect", openIdConnectUrl: "https://idp.acme.dev/.well-known/openid-configuration" },
      },
      requirements: [{ basicAuth: [] }, { bearerAuth: [] }, { apiKeyAuth: [] }, { oidc: [] }],
    });
  });

  it("says that nothing is needed when nothing is configured", () => {
    expect(security([], "full")).toEqual({ schemes: {}, requirements: [] });
  });

  it("numbers schemes of one kind", () => {
    const keys: SecurityScheme[] = [
      { kind: "apiKey", header: "X-A" },
      { kind: "apiKey", header: "X-B" },
    ];
    expect(Object.keys(security(keys, "full").schemes)).toEqual(["apiKeyAuth", "apiKeyAuth2"]);
  });

  it.each([
    [every, "bearerAuth"],
    [every.filter(({ kind }) => kind !== "bearer"), "apiKeyAuth"],
    [every.slice(0, 1), "basicAuth"],
    [every.slice(3), "bearerAuth"],
  ])("offers GPT Actions one that it can be given", (schemes, name) => {
    expect(security(schemes, "gpt").requirements).toEqual([{ [name]: [] }]);
  });
});
