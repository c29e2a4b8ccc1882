import { describe, expect, it } from "vitest";
import { ClaimRules } from "../../../src/access/auth/claim-rules.ts";
import { caller, may, policyFrom } from "./policies.ts";

// MAT-2 to MAT-4: claims are mapped to scopes, and scopes decide about tools, as the sample of that gateway has it.

const claims = new ClaimRules({
  claims: ["groups", "roles"],
  mappings: Object.entries({
    "groups:Admin": ["scope:admin"],
    "groups:Users": ["scope:user"],
    "roles:operator": ["scope:user", "scope:n8n"],
  }),
  groupsClaim: "groups",
});
const policy = policyFrom(
  undefined,
  { "n8n:*": ["scope:user"], "n8n:delete_workflow": ["scope:n8n"], "admin:user_management": ["scope:admin"] },
  { scope_mode: "any", default_scope: null },
);

describe("a token with", () => {
  it.each([
    ["no claims", {}, []],
    ["an unmapped group", { groups: ["Guests"] }, []],
    ["the group of administrators", { groups: ["Admin"] }, ["admin:user_management"]],
    ["the same group in lower case", { groups: ["admin"] }, ["admin:user_management"]],
    ["the group of users", { groups: ["Users"] }, ["n8n:run"]],
    ["both groups", { groups: ["Users", "Admin"] }, ["n8n:run", "admin:user_management"]],
    ["a role as a text", { roles: "operator" }, ["n8n:run", "n8n:delete_workflow"]],
    ["a scope of its own", { scope: "openid user" }, ["n8n:run"]],
    ["a group in the wrong claim", { teams: ["Admin"] }, []],
    ["a group that is no text", { groups: [["Admin"], { name: "Admin" }] }, []],
  ])("%s may call what its scopes allow", (_what, given, allowed) => {
    const who = caller({ kind: "jwt", ...claims.apply(given) });
    const tools = ["n8n:run", "n8n:delete_workflow", "admin:user_management", "admin:other", "git:push"];
    expect(tools.filter((tool) => may(policy, who, `tools/call ${tool}`))).toEqual(allowed);
  });
});
