import { isLiteral, isUniversal, literalLength } from "../../lib/glob.ts";
import type { Principal } from "../../protocol/principal.ts";
import { impliedMethods } from "./grant.ts";
import { namedPattern, splitPattern } from "./named-pattern.ts";
import type { TargetPattern } from "./rule-kind.ts";
import { hasScopes, type ScopeMode } from "./subject.ts";
import { tools } from "./tools.ts";

/** One line of `auth.permissions`: the scopes that tools need. */
export interface Permission {
  /** Where it is in the config. */
  readonly path: string;
  readonly pattern: TargetPattern;
  readonly scopes: readonly string[];
}

/** The methods that come with the right to use some tools of a server. */
export const PERMISSION_METHODS = impliedMethods(tools.methods);

/** The most specific first: of two that fit, the one with more fixed characters decides, an exact one before all. */
export function compilePermissions(permissions: Readonly<Record<string, readonly string[]>>): Permission[] {
  const weighed = Object.entries(permissions).map(([key, scopes]) => ({
    path: `auth.permissions[${JSON.stringify(key)}]`,
    pattern: namedPattern(key),
    scopes,
    weight: weightOf(key),
  }));
  return weighed.toSorted((a, b) => b.weight - a.weight);
}

/** `server:*` is about everything of the server, not only its tools. */
export const isAboutAll = ({ pattern }: Permission): boolean => pattern.isUniversal;

export const isHeld = ({ scopes }: Permission, principal: Principal, mode: ScopeMode): boolean =>
  hasScopes(principal, scopes, mode);

/** An exact name outweighs any wildcard; then the name counts more than the server. */
function weightOf(key: string): number {
  const { serverPattern = "*", namePattern } = splitPattern(key);
  const nameWeight = isLiteral(namePattern)
    ? 1_000_000
    : isUniversal(namePattern)
      ? 0
      : literalLength(namePattern) * 100;
  return nameWeight * 10 + (isLiteral(serverPattern) ? 100 : Math.min(99, literalLength(serverPattern)));
}
