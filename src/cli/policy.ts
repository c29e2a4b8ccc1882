import { listsOf, type AccessRules, type RuleConfig } from "../access/policy/config.ts";
import { policyOf } from "../access/policy/rule-policy.ts";
import { hasScopes, subjectMatcher } from "../access/policy/subject.ts";
import { loadConfig } from "../config/load.ts";
import { methods } from "../protocol/methods.ts";
import { useOf, type Action, type Policy } from "../protocol/policy.ts";
import type { Principal } from "../protocol/principal.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface PolicyFlags extends ConfigFlags {
  readonly as?: string;
  readonly principal?: string;
  readonly scopes?: string;
  readonly groups?: string;
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
  readonly method?: string;
}

/** Methods that are about nothing in particular, for an overview. */
const METHODS: readonly string[] = [
  methods.initialize,
  methods.listTools,
  methods.listPrompts,
  methods.listResources,
  methods.setLevel,
];

/** Prints what a caller may do, and which rule says so, as the gateway would decide. False when what was asked about is refused. */
export function policy(flags: PolicyFlags): boolean {
  const { config } = loadConfig(findConfig(flags, process.env).path, process.env);
  const servers = Object.keys(config.servers);
  const rules: AccessRules = {
    policy: config.policy,
    permissions: config.auth.permissions,
    options: config.auth.options,
  };
  const decided = policyOf(rules, servers);
  const caller = callerOf(flags);
  const actions = actionsIn(flags, servers);
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  print(`${describe(caller)}:`);
  if (decided === undefined) {
    print("  may do everything: the config has neither policy nor auth.permissions");
    return true;
  }
  if (actions.length > 0) {
    for (const action of actions) print(verdict(decided, caller, action));
    return actions.every((action) => decided.decide(caller, action).isAllowed);
  }
  for (const line of [...applying(rules, caller), ...overview(decided, caller, servers)]) print(line);
  return true;
}

function callerOf({ as, principal, scopes, groups }: PolicyFlags): Principal {
  const [tenant, client] = splitAt(as ?? "");
  const [kind, id] = splitAt(principal ?? "");
  const known = KINDS.find((one) => one === kind);
  return {
    kind: known ?? (principal === undefined ? "apiKey" : "bearer"),
    id: known === undefined ? (principal ?? "") : id,
    tenant: tenant === "" ? undefined : tenant,
    client: client === "" ? undefined : client,
    scopes: listIn(scopes),
    groups: listIn(groups),
  };
}

const KINDS: readonly Principal["kind"][] = ["basic", "bearer", "apiKey", "jwt", "anonymous"];

function describe({ kind, id, tenant, client, scopes = [], groups = [] }: Principal): string {
  const parts = [
    tenant !== undefined && `tenant ${tenant}`,
    client !== undefined && `client ${client}`,
    id !== "" && `principal ${kind}:${id}`,
    scopes.length > 0 && `scopes ${scopes.join(" ")}`,
    groups.length > 0 && `groups ${groups.join(" ")}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? "a caller of whom nothing is known" : parts.join(", ");
}

/** What the flags ask about. Throws for a server that the config does not have. */
function actionsIn({ tool, prompt, resource, method }: PolicyFlags, servers: readonly string[]): Action[] {
  const asked = (value: string | undefined, toAction: (server: string, name: string) => Action): Action[] => {
    if (value === undefined) return [];
    const [server, name] = splitAt(value);
    if (servers.includes(server)) return [toAction(server, name)];
    throw new Error(`the config has no server "${server}"; it has: ${servers.join(", ")}`);
  };
  return [
    ...asked(tool, (server, name) => useOf(server, "tool", name)),
    ...asked(prompt, (server, name) => useOf(server, "prompt", name)),
    ...asked(resource, (server, name) => useOf(server, "resource", name)),
    ...asked(method, (server, name) => ({ server, method: name })),
  ];
}

function verdict(decided: Policy, caller: Principal, action: Action): string {
  const { isAllowed, rule, scopes } = decided.decide(caller, action);
  const what = action.target?.name === undefined ? action.method : `${action.method} ${action.target.name}`;
  const missing = scopes === undefined ? "" : ` (needs the scope ${scopes.join(" or ")})`;
  return `  ${isAllowed ? "allowed" : "refused"}  ${action.server}  ${what}  by ${rule}${missing}`;
}

/** The rules that are about the caller, as they stand in the config. */
function applying({ policy: given, permissions = {}, options }: AccessRules, caller: Principal): string[] {
  const mode = options?.scope_mode ?? "any";
  const rules = (given?.rules ?? []).flatMap((rule, index) => {
    if (!subjectMatcher(rule.subject, mode)(caller)) return [];
    return [...grants(rule, index, "allow"), ...grants(rule, index, "deny")];
  });
  const lines = Object.entries(permissions).map(([key, scopes]) => {
    const isHeld = hasScopes(caller, scopes, mode);
    return `  ${isHeld ? "allow" : "needs"}  ${key}  by auth.permissions${isHeld ? "" : `: ${scopes.join(" ")}`}`;
  });
  return [...rules, ...lines];
}

function grants(rule: RuleConfig, index: number, effect: "allow" | "deny"): string[] {
  const grant = rule[effect];
  const lists = [...listsOf(grant)].map(([key, patterns]) => `${key} ${patterns.join(" ")}`);
  if (grant?.["console"] === true) lists.push("console");
  return lists.length === 0 ? [] : [`  ${effect.padEnd(5)}  ${lists.join("; ")}  by policy.rules[${index}].${effect}`];
}

function overview(decided: Policy, caller: Principal, servers: readonly string[]): string[] {
  return servers.flatMap((server) => {
    if (!decided.sees(caller, server)) return [`${server}: does not exist for this caller`];
    return [`${server}:`, ...METHODS.map((method) => verdict(decided, caller, { server, method }))];
  });
}

function splitAt(text: string): [before: string, after: string] {
  const at = text.indexOf(":");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

const listIn = (text: string | undefined): string[] =>
  (text ?? "").split(",").flatMap((item) => (item.trim() === "" ? [] : item.trim()));
