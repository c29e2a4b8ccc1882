import { globMatcher } from "../../lib/glob.ts";
import type { Principal } from "../../protocol/principal.ts";
import type { SubjectConfig } from "./config.ts";

export type IsSubject = (principal: Principal) => boolean;

/** How many of the wanted scopes a principal must have. */
export type ScopeMode = "any" | "all";

/** Whether a rule is about a principal. A missing tenant or client is matched as an empty text: only `*` fits. */
export function subjectMatcher(subject: SubjectConfig, scopeMode: ScopeMode): IsSubject {
  const tests: IsSubject[] = [];
  const { tenant, client, principal, scopes, groups } = subject;
  if (tenant !== undefined) tests.push(oneMatches(tenant, (caller) => [caller.tenant ?? ""]));
  if (client !== undefined) tests.push(oneMatches(client, (caller) => [caller.client ?? ""]));
  if (principal !== undefined) tests.push(oneMatches(principal, ({ kind, id }) => [id, `${kind}:${id}`]));
  if (groups !== undefined) tests.push(oneMatches(groups, (caller) => caller.groups ?? []));
  if (scopes !== undefined) tests.push((caller) => hasScopes(caller, listOf(scopes), scopeMode));
  return (caller) => tests.every((test) => test(caller));
}

/** Whether a principal has the wanted scopes. `scope:x` and `x` are the same. */
export function hasScopes({ scopes = [] }: Principal, wanted: readonly string[], mode: ScopeMode): boolean {
  const held = new Set(scopes.map(bareScope));
  const isHeld = (scope: string): boolean => held.has(bareScope(scope));
  return mode === "all" ? wanted.length > 0 && wanted.every(isHeld) : wanted.some(isHeld);
}

const bareScope = (scope: string): string => (scope.startsWith("scope:") ? scope.slice(6) : scope);

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === "string" ? [value] : value);

function oneMatches(
  wanted: string | readonly string[],
  valuesOf: (principal: Principal) => readonly string[],
): IsSubject {
  const matchers = listOf(wanted).map(globMatcher);
  return (principal) => valuesOf(principal).some((value) => matchers.some((matches) => matches(value)));
}
