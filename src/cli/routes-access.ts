import { listsOf, type AccessRules, type RuleConfig, type SubjectConfig } from "../access/policy/config.ts";
import { splitPattern } from "../access/policy/named-pattern.ts";
import { globMatcher } from "../lib/glob.ts";

/** What a rule says about a server. */
export interface AccessLine {
  /** `needs`: a scope is needed. */
  readonly effect: "allow" | "deny" | "needs";
  readonly who: string;
  readonly what: string;
  /** Where the rule is in the config. */
  readonly by: string;
}

/** What of the rules is about one server, without asking for anybody in particular. */
export function accessLines(server: string, { policy, permissions = {} }: AccessRules): AccessLine[] {
  const ofRules = (policy?.rules ?? []).flatMap((rule, index) =>
    (["allow", "deny"] as const).flatMap((effect) => {
      const what = grantText(rule, effect, server);
      return what === undefined
        ? []
        : [{ effect, who: whoText(rule.subject), what, by: `policy.rules[${index}].${effect}` }];
    }),
  );
  const ofPermissions = Object.entries(permissions).flatMap(([pattern, scopes]): AccessLine[] =>
    reaches(pattern, server)
      ? [{ effect: "needs", who: scopes.join(" or "), what: `tools ${pattern}`, by: "auth.permissions" }]
      : [],
  );
  return [...ofRules, ...ofPermissions];
}

/** What happens with everything that no rule is about. */
export function defaultText({ policy, permissions, options }: AccessRules): string | undefined {
  if (policy !== undefined) return `everything else: ${policy.default} (policy.default)`;
  const scope = options?.default_scope ?? undefined;
  if (scope !== undefined) return `every other tool needs ${scope} (auth.options.default_scope)`;
  return permissions === undefined ? undefined : "every other tool: deny (auth.options.default_scope)";
}

function grantText(rule: RuleConfig, effect: "allow" | "deny", server: string): string | undefined {
  const lists = listsOf(rule[effect]);
  if (lists.size === 0) return undefined;
  const servers = lists.get("servers");
  if (servers !== undefined && !servers.some((pattern) => globMatcher(pattern)(server))) return undefined;
  const about = [...lists].flatMap(([key, patterns]) => {
    if (key === "servers") return [];
    const reaching = patterns.filter((pattern) => key === "methods" || key === "resources" || reaches(pattern, server));
    return reaching.length === 0 ? [] : [`${key} ${reaching.join(" ")}`];
  });
  if (about.length > 0) return about.join("; ");
  return lists.size === 1 && servers !== undefined ? "everything" : undefined;
}

function reaches(pattern: string, server: string): boolean {
  const { serverPattern } = splitPattern(pattern);
  return serverPattern === undefined || globMatcher(serverPattern)(server);
}

function whoText(subject: SubjectConfig): string {
  const parts = Object.entries(subject).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return `${key} ${typeof value === "string" ? value : value.join(" or ")}`;
  });
  return parts.length === 0 ? "everybody" : parts.join(", ");
}
