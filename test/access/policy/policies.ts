import { permissionSchemas, policySchema } from "../../../src/access/policy/config.ts";
import { policyOf } from "../../../src/access/policy/rule-policy.ts";
import { actionOf, type Policy } from "../../../src/protocol/policy.ts";
import type { Principal } from "../../../src/protocol/principal.ts";

export const SERVERS = ["git", "n8n", "admin", "files"];

/** A policy, from what a config file says. */
export function policyFrom(policy: unknown, permissions?: unknown, options?: unknown): Policy {
  const made = policyOf(
    {
      policy: policy === undefined ? undefined : policySchema.parse(policy),
      permissions: permissionSchemas.permissions.parse(permissions),
      options: permissionSchemas.options.parse(options),
    },
    SERVERS,
  );
  if (made === undefined) throw new Error("nothing is configured");
  return made;
}

export const rules = (...all: readonly object[]): Policy => policyFrom({ rules: all });

export const caller = (more: Partial<Principal> = {}): Principal => ({ kind: "bearer", id: "ann", ...more });

/** `tools/call git:push`, `resources/read files:file:///x`, `ping git`. */
export function decides(policy: Policy, principal: Principal, what: string): { isAllowed: boolean; rule: string } {
  const [method = "", about = ""] = what.split(/ (.*)/s);
  const [server = "", name = ""] = about.split(/:(.*)/s);
  const params = { name, uri: name, ref: { type: "ref/prompt", name } };
  return policy.decide(principal, actionOf(server, method, params));
}

export const may = (policy: Policy, principal: Principal, what: string): boolean =>
  decides(policy, principal, what).isAllowed;
