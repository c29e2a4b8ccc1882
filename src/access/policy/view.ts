import type { Action, Decision, TargetKind } from "../../protocol/policy.ts";
import { allows, denies, deniesAll, reaches, type Grant, type NamedAction } from "./grant.ts";
import { NameForms } from "./name-forms.ts";
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

/** No tool has a longer name, and no server a longer URI: comparing it would only take time. */
const MAX_NAME = 16 * 1024;
const UNREADABLE: Decision = { isAllowed: false, rule: "its name is no text, or too long" };

/** The decisions about one server, for principals with the same rules. */
export class ServerView {
  readonly #server: string;
  readonly #rules: ViewRules;
  #isVisible: boolean | undefined;

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
    const named = readNames(action);
    if (named === undefined) return UNREADABLE;
    const denial = denying.find((grant) => denies(grant, named));
    if (denial !== undefined) return { isAllowed: false, rule: denial.path };
    const grant = allowing.find((one) => allows(one, named));
    if (grant !== undefined) return { isAllowed: true, rule: grant.path };
    const { target } = named;
    const permission = target === undefined ? this.#forMethod(action.method) : forTarget(permissions, target);
    if (permission !== undefined) return decisionOf(permission);
    if (defaultScope !== undefined) {
      const { scope, isHeld } = defaultScope;
      return { isAllowed: isHeld, rule: "auth.options.default_scope", scopes: isHeld ? undefined : [scope] };
    }
    return { isAllowed: allowsByDefault, rule: "policy.default" };
  }

  /** Whether anything is possible on the server. */
  get isVisible(): boolean {
    this.#isVisible ??= this.#leavesAnything();
    return this.#isVisible;
  }

  #leavesAnything(): boolean {
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
  { kind, name }: NonNullable<NamedAction["target"]>,
): HeldPermission | undefined {
  return permissions.find(({ permission }) =>
    kind === "tool" ? permission.pattern.allows(name) : isAboutAll(permission),
  );
}

function readNames({ server, method, target }: Action): NamedAction | undefined {
  if (method.length > MAX_NAME) return undefined;
  const named = { server, method: new NameForms(method) };
  if (target === undefined) return { ...named, target };
  const { kind, name } = target;
  return name === undefined || name.length > MAX_NAME
    ? undefined
    : { ...named, target: { kind, name: new NameForms(name) } };
}

function decisionOf({ permission: { path, scopes }, isHeld }: HeldPermission): Decision {
  return { isAllowed: isHeld, rule: path, scopes: isHeld ? undefined : scopes };
}
