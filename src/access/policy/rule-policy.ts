import { LRUCache } from "lru-cache";
import type { Action, Decision, Policy } from "../../protocol/policy.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { AccessRules } from "./config.ts";
import { compileGrant, concernsConsole, type Grant } from "./grant.ts";
import { compilePermissions, isHeld, type Permission } from "./permission.ts";
import { hasScopes, subjectMatcher, type IsSubject, type ScopeMode } from "./subject.ts";
import { ServerView, type ViewRules } from "./view.ts";

interface CompiledRule {
  readonly isSubject: IsSubject;
  readonly allow: Grant | undefined;
  readonly deny: Grant | undefined;
}

/** Principals for whom the same rules apply. */
interface View {
  readonly id: string;
  readonly rules: ViewRules;
  readonly servers: Map<string, ServerView>;
}

const MAX_PRINCIPALS = 2_000;
const MAX_VIEWS = 1_000;
const MAX_DECISIONS = 50_000;
/** Longer names are decided again each time: what is remembered must not cost more than deciding. */
const MAX_NAME = 128;

/** Decides by `policy.rules` and `auth.permissions`. What it remembers is bounded. */
class RulePolicy implements Policy {
  readonly reveals: boolean;
  readonly #rules: readonly CompiledRule[];
  readonly #permissions: readonly Permission[];
  readonly #scopeMode: ScopeMode;
  readonly #defaultScope: string | undefined;
  readonly #allowsByDefault: boolean;
  readonly #servers: ReadonlySet<string>;
  /** A principal that is asked about again, as that of a session, is the same object. */
  readonly #known = new WeakMap<Principal, View>();
  readonly #byPrincipal = new LRUCache<string, View>({ max: MAX_PRINCIPALS });
  readonly #views = new LRUCache<string, View>({ max: MAX_VIEWS });
  #viewCount = 0;
  readonly #decisions = new LRUCache<string, Decision>({ max: MAX_DECISIONS });
  /** The same is often asked twice in a row: for a request, and for its line of the audit trail. */
  #latest: { readonly view: View; readonly action: Action; readonly decision: Decision } | undefined;

  constructor({ policy, permissions = {}, options }: AccessRules, servers: readonly string[]) {
    this.reveals = policy?.reveal ?? false;
    this.#scopeMode = options?.scope_mode ?? "any";
    this.#defaultScope = options?.default_scope ?? undefined;
    this.#allowsByDefault = policy?.default === "allow";
    this.#servers = new Set(servers);
    this.#permissions = compilePermissions(permissions);
    this.#rules = (policy?.rules ?? []).map(({ subject, allow, deny }, index) => ({
      isSubject: subjectMatcher(subject, this.#scopeMode),
      allow: compileGrant(allow, `policy.rules[${index}]`, "allow"),
      deny: compileGrant(deny, `policy.rules[${index}]`, "deny"),
    }));
  }

  decide(principal: Principal, action: Action): Decision {
    const view = this.#viewOf(principal);
    if (this.#latest?.view === view && isSameAction(this.#latest.action, action)) return this.#latest.decision;
    const decision = this.#recall(view, action);
    this.#latest = { view, action, decision };
    return decision;
  }

  #recall(view: View, action: Action): Decision {
    const { server, method, target } = action;
    const name = target?.name ?? "";
    if (name.length + method.length > MAX_NAME) return this.#serverView(view, server).decide(action);
    const key = `${view.id}\n${server}\n${method}\n${target?.kind}\n${target?.name === undefined ? "" : `=${name}`}`;
    const known = this.#decisions.get(key);
    if (known !== undefined) return known;
    const decision = this.#serverView(view, server).decide(action);
    this.#decisions.set(key, decision);
    return decision;
  }

  sees(principal: Principal, server: string): boolean {
    return this.#serverView(this.#viewOf(principal), server).isVisible;
  }

  opensConsole(principal: Principal, server: string): boolean {
    const { allowing, denying } = this.#viewOf(principal).rules;
    if (denying.some((grant) => concernsConsole(grant, server))) return false;
    return allowing.some((grant) => concernsConsole(grant, server)) && this.sees(principal, server);
  }

  viewKey(principal: Principal): string {
    return this.#viewOf(principal).id;
  }

  #viewOf(principal: Principal): View {
    const known = this.#known.get(principal);
    if (known !== undefined) return known;
    const { kind, id, tenant, client, scopes, groups } = principal;
    const key = JSON.stringify([kind, id, tenant, client, scopes, groups]);
    const view = this.#byPrincipal.get(key) ?? this.#findView(principal);
    this.#byPrincipal.set(key, view);
    this.#known.set(principal, view);
    return view;
  }

  #findView(principal: Principal): View {
    const rules = this.#rules.map(({ isSubject }) => isSubject(principal));
    const held = this.#permissions.map((permission) => isHeld(permission, principal, this.#scopeMode));
    const hasDefault = this.#defaultScope !== undefined && hasScopes(principal, [this.#defaultScope], "any");
    const key = [...rules, ...held, hasDefault].map(Number).join("");
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const applying = this.#rules.filter((_rule, index) => rules[index]);
    const view = {
      id: String(++this.#viewCount),
      servers: new Map<string, ServerView>(),
      rules: {
        denying: applying.flatMap(({ deny }) => deny ?? []),
        allowing: applying.flatMap(({ allow }) => allow ?? []),
        permissions: this.#permissions.map((permission, index) => ({ permission, isHeld: held[index] ?? false })),
        defaultScope: this.#defaultScope === undefined ? undefined : { scope: this.#defaultScope, isHeld: hasDefault },
        allowsByDefault: this.#allowsByDefault,
      },
    };
    this.#views.set(key, view);
    return view;
  }

  /** Only those of the catalog are kept: names of others come from outside. */
  #serverView({ servers, rules }: View, server: string): ServerView {
    const known = servers.get(server);
    if (known !== undefined) return known;
    const view = new ServerView(server, rules);
    if (this.#servers.has(server)) servers.set(server, view);
    return view;
  }
}

const isSameAction = (one: Action, other: Action): boolean =>
  one.server === other.server &&
  one.method === other.method &&
  one.target?.kind === other.target?.kind &&
  one.target?.name === other.target?.name;

/** The policy of a config; undefined when every authenticated caller may do everything. */
export function policyOf(rules: AccessRules, servers: readonly string[]): Policy | undefined {
  return hasRules(rules) ? new RulePolicy(rules, servers) : undefined;
}

export const hasRules = ({ policy, permissions, options }: AccessRules): boolean =>
  policy !== undefined || permissions !== undefined || (options?.default_scope ?? null) !== null;
