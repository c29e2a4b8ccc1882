import { describe, expect, it } from "vitest";
import { ClaimRules, type ClaimNames } from "../../src/access/auth/claim-rules.ts";

const NAMES: ClaimNames = { claims: [], mappings: [], groupsClaim: "groups" };
const apply = (names: Partial<ClaimNames>, claims: object) =>
  new ClaimRules({ ...NAMES, ...names }).apply({ ...claims });

describe("the scopes of a token", () => {
  it.each<[string, Partial<ClaimNames>, object, string[]]>([
    ["are those of scope, in one string", {}, { scope: "a b  c" }, ["a", "b", "c"]],
    ["are those of scp, in a string", {}, { scp: "a b" }, ["a", "b"]],
    ["are those of scp, in a list", {}, { scp: ["a", "b"] }, ["a", "b"]],
    ["are none", {}, { groups: ["Admin"] }, []],
    ["come from a mapping", map("groups", "groups:Admin", "scope:admin"), { groups: ["Admin", "x"] }, ["scope:admin"]],
    ["come from a mapping in any case of value", map("groups", "groups:Admin", "s"), { groups: ["aDMIN"] }, ["s"]],
    ["come from a mapping in any case of claim", map("Groups", "gRoups:admin", "s"), { GROUPS: ["Admin"] }, ["s"]],
    ["come from a claim that is one text", map("role", "role:Admin", "s"), { role: "admin" }, ["s"]],
    [
      "come from a member of an object",
      map("realm_access.roles", "realm_access.roles:admin", "s"),
      { realm_access: { roles: ["admin"] } },
      ["s"],
    ],
    [
      "come from a claim whose name has dots",
      map("https://x.example/roles", "https://x.example/roles:a", "s"),
      { "https://x.example/roles": ["a"] },
      ["s"],
    ],
    ["come from a value with colons", map("groups", "groups:a:b:c", "s"), { groups: ["a:b:c"] }, ["s"]],
    ["come from a mapped scope", map("scope", "scope:read", "s"), { scope: "write read" }, ["write", "read", "s"]],
    ["are not doubled", map("groups", "groups:a", "s"), { scope: "s", groups: ["a", "A"] }, ["s"]],
    ["do not come from a claim that is not listed", map("roles", "groups:a", "s"), { groups: ["a"] }, []],
    ["do not come from numbers, objects, null", map("groups", "groups:1", "s"), { groups: [1, {}, null] }, []],
    ["do not come from what every object has", map("constructor", "constructor:name", "s"), {}, []],
  ])("%s", (_what, names, claims, expected) => {
    expect(apply(names, claims).scopes).toEqual(expected);
  });

  it("add up where keys differ only in case", () => {
    const mappings = [
      ["groups:Admin", ["a"]],
      ["Groups:admin", ["b"]],
    ] as const;
    expect(apply({ claims: ["groups"], mappings }, { groups: ["ADMIN"] }).scopes).toEqual(["a", "b"]);
  });
});

describe("tenant, client and groups", () => {
  it("are the named claims", () => {
    const names = { tenantClaim: "tid", clientClaim: "azp", groupsClaim: "roles" };
    const claims = { tid: "acme", azp: "app", roles: ["a", "b"], groups: ["c"] };
    expect(apply(names, claims)).toMatchObject({ tenant: "acme", client: "app", groups: ["a", "b"] });
  });

  it("are undefined without the claim, or when none is named", () => {
    expect(apply({ tenantClaim: "tid" }, { azp: "app" })).toMatchObject({
      tenant: undefined,
      client: undefined,
      groups: [],
    });
  });

  it.each([7, "", [], {}, null, "a\nb", "a\ud800", "x".repeat(201)])("are not %j: the token is refused", (tid) => {
    expect(() => apply({ tenantClaim: "tid" }, { tid })).toThrow("is not a name");
  });
});

function map(claim: string, key: string, scope: string): Partial<ClaimNames> {
  return { claims: [claim], mappings: [[key, [scope]]] };
}
