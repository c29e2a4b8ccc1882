import type { Action, Decision, TargetKind } from "../../protocol/policy.ts";
import { allows, denies, deniesAll, reaches, type Grant } from "./grant.ts";
import { isAboutAll, PERMISSION_METHODS, type Permission } from "./permission.ts";

/** What applies to all principals that match the same rules and have the same scopes. */
export interface ViewRules {
  readonly denying: readonly Grant[];
  readonly allowing: readonly Grant[];
  /** All permissions, the most specific first, and whether these principals have the scopes. */
  readonly permissions: readonly HeldPermission[];
  readonly defaultScope: { readonly scope: string; readonly isHeld: boolean } | undefined;
  readonly allowsByDefault: boolean;
}

export interface HeldPermission {
  readonly permission: Permission;
  readonly isHeld: boolean;
}

const UNREADABLE: Decision = { isAllowed: false, rule: "its name is not text" };

/** The decisions about one server, for principals with the same rules. */
export class ServerView {
  readonly #server: string;
  readonly #rules: ViewRules;

  /** Keeps only what is about the server. */
  constructor(server: string, rules: ViewRules) {
    this.#server = server;
    this.#rules = {
      ...rules,
      denying: rules.denying.filter(({ servers, isEmpty }) => !isEmpty && servers?.(server) !== false),
      allowing: rules.allowing.filter((grant) => reaches(grant, server)),
      permissions: rules.permissions.filter(({ permission }) => permission.pattern.reaches(server)),
    };
  }

  /** What is denied is denied; then what a rule allows is allowed; then scopes decide, and last the default. */
  decide(action: Action): Decision {
    const { denying, allowing, permissions, defaultScope, allowsByDefault } = this.#rules;
    if (action.target !== undefined && action.target.name === undefined) return UNREADABLE;
    const denial = denying.find((grant) => denies(grant, action));
    if (denial !== undefined) return { isAllowed: false, rule: denial.path };
    const grant = allowing.find((one) => allows(one, action));
    if (grant !== undefined) return { isAllowed: true, rule: grant.path };
    const permission =
      action.target === undefined ? this.#forMethod(action.method) : forTarget(permissions, action.target);
    if (permission !== undefined) return decisionOf(permission);
    if (defaultScope !== undefined) {
      const { scope, isHeld } = defaultScope;
      return { isAllowed: isHeld, rule: "auth.options.default_scope", scopes: isHeld ? undefined : [scope] };
    }
    return { isAllowed: allowsByDefault, rule: "policy.default" };
  }

  /** Whether anything is possible on the server. */
  isVisible(): boolean {
    const { denying, allowing, permissions, defaultScope, allowsByDefault } = this.#rules;
    if (denying.some((grant) => deniesAll(grant, this.#server))) return false;
    if (allowsByDefault || defaultScope?.isHeld === true) return true;
    if (
      permissions.some(
        ({ permission, isHeld }) => isHeld && !this.#isDenied(isAboutAll(permission) ? undefined : "tool"),
      )
    )
      return true;
    return allowing.some(
      ({ targets }) => targets.size === 0 || [...targets.keys()].some((kind) => !this.#isDenied(kind)),
    );
  }

  #isDenied(kind: TargetKind | undefined): boolean {
    return this.#rules.denying.some((grant) => deniesAll(grant, this.#server, kind));
  }

  /** The permission that allows a method which is about nothing in particular; else one that would. */
  #forMethod(method: string): HeldPermission | undefined {
    const fitting = this.#rules.permissions.filter(
      ({ permission }) => isAboutAll(permission) || PERMISSION_METHODS.has(method),
    );
    return fitting.find(({ isHeld }) => isHeld) ?? fitting[0];
  }
}

/** The most specific permission decides. */
function forTarget(
  permissions: readonly HeldPermission[],
  { kind, name = "" }: NonNullable<Action["target"]>,
): HeldPermission | undefined {
  return permissions.find(({ permission }) =>
    kind === "tool" ? permission.pattern.allows(name) : isAboutAll(permission),
  );
}

function decisionOf({ permission: { path, scopes }, isHeld }: HeldPermission): Decision {
  return { isAllowed: isHeld, rule: path, scopes: isHeld ? undefined : scopes };
}
