import { closest } from "../../lib/closest.ts";
import { globMatcher, isLiteral, isUniversal } from "../../lib/glob.ts";
import { quoted } from "../../lib/text.ts";
import { methods } from "../../protocol/methods.ts";
import type { AccessFinding } from "../problems.ts";
import { listsOf, type AccessRules, type RuleConfig } from "./config.ts";
import { ruleKinds } from "./kinds.ts";
import { splitPattern } from "./named-pattern.ts";
import { subjectRemarks, type KnownCallers } from "./subject-remarks.ts";

type Path = AccessFinding["path"];
type Effect = "allow" | "deny";
const EFFECTS: readonly Effect[] = ["allow", "deny"];

/** What uses each kind of target: without it, a rule about such targets allows nothing. */
const USES: ReadonlyMap<string, string> = new Map([
  ["tools", methods.callTool],
  ["prompts", methods.getPrompt],
  ["resources", methods.readResource],
]);

/** Rules and patterns: more are not compared with each other, which would delay the start. */
const MAX_COMPARED = 2_000;

/** Rules that cannot do what they seem to be for: empty, contradicting, without effect, about servers that do not exist. */
export function policyRemarks(
  { policy, permissions = {} }: AccessRules,
  servers: readonly string[],
  callers: KnownCallers,
): AccessFinding[] {
  const rules = policy?.rules ?? [];
  const size = rules.reduce((sum, rule) => sum + 1 + patternsIn(rule), 0);
  const compared = size <= MAX_COMPARED ? rules : [];
  const ofRules = rules.flatMap((rule, index) => {
    const path = ["policy", "rules", index];
    return [
      ...emptiness(rule, path),
      ...EFFECTS.flatMap((effect) => [
        ...unknownServers(rule, [...path, effect], effect, servers),
        ...(effect === "allow" ? methodRemarks(rule, [...path, effect]) : []),
      ]),
      ...contradictions(rule, index, compared),
      ...repetitions(rule, index, compared),
      ...subjectRemarks(rule.subject, [...path, "subject"], callers),
      ...(policy?.default === "allow" && rule.allow !== undefined && rule.allow["console"] !== true
        ? [{ path: [...path, "allow"], message: `${text([...path, "allow"])} has no effect: policy.default is allow` }]
        : []),
    ];
  });
  return [...ofRules, ...permissionRemarks(permissions, servers)];
}

function emptiness(rule: RuleConfig, path: Path): AccessFinding[] {
  if (rule.allow === undefined && rule.deny === undefined) {
    return [{ path, message: `${text(path)} has neither allow nor deny: it has no effect` }];
  }
  return EFFECTS.flatMap((effect) => {
    if (rule[effect] === undefined) return [];
    const lists = [...listsOf(rule[effect])];
    const at = [...path, effect];
    if (lists.length === 0 && rule[effect]["console"] !== true)
      return [{ path: at, message: `${text(at)} names nothing: it has no effect` }];
    const empty = lists.filter(([, patterns]) => patterns.length === 0);
    return empty.map(([key]) => ({
      path: [...at, key],
      message: `${text([...at, key])} is empty: nothing matches it`,
    }));
  });
}

function unknownServers(rule: RuleConfig, path: Path, effect: Effect, servers: readonly string[]): AccessFinding[] {
  return [...listsOf(rule[effect])].flatMap(([key, patterns]) =>
    patterns.flatMap((pattern, at) => {
      const server = key === "servers" ? pattern : isNamed(key) ? serverIn(pattern) : undefined;
      return server === undefined ? [] : unknownServer(server, [...path, key, at], servers);
    }),
  );
}

const serverIn = (pattern: string): string | undefined => splitPattern(pattern).serverPattern;

function unknownServer(pattern: string, path: Path, servers: readonly string[]): AccessFinding[] {
  if (servers.some(globMatcher(pattern))) return [];
  const near = isLiteral(pattern) ? closest(pattern, servers) : undefined;
  const guess = near === undefined ? "" : `; did you mean ${quoted(near)}?`;
  return [{ path, message: `${text(path)}: no server has the name ${quoted(pattern)}${guess}` }];
}

/** Of a rule that lists methods: are those among them that its other lists need, and the other way round? */
function methodRemarks({ allow }: RuleConfig, path: Path): AccessFinding[] {
  const lists = listsOf(allow);
  const listed = lists.get("methods");
  if (listed === undefined) return [];
  const named = ruleKinds.filter(({ key }) => lists.has(key));
  const allowsMethod = (method: string): boolean => listed.some((pattern) => globMatcher(pattern)(method));
  return [...USES].flatMap(([key, method]) => {
    const isNamed = lists.has(key);
    if (isNamed && !allowsMethod(method)) {
      const message = `${text([...path, key])} has no effect: the methods of the rule do not include ${method}`;
      return [{ path: [...path, key], message }];
    }
    if (isNamed || named.length === 0 || !listed.includes(method)) return [];
    const message = `${text([...path, "methods"])} includes ${method}, but the rule names no ${key}: it allows none`;
    return [{ path: [...path, "methods", listed.indexOf(method)], message }];
  });
}

/** What one rule allows and another denies to the same callers, which is the stronger one. */
function contradictions({ subject, allow }: RuleConfig, index: number, rules: readonly RuleConfig[]): AccessFinding[] {
  return [...listsOf(allow)].flatMap(([key, patterns]) =>
    patterns.flatMap((pattern, at) => {
      const path = ["policy", "rules", index, "allow", key, at];
      const denying = rules.findIndex(
        (other) => coversSubject(other, subject) && coversPattern(other, key, pattern, allow),
      );
      if (denying === -1) return [];
      const message = `${text(path)} ${quoted(pattern)} has no effect: policy.rules.${denying}.deny denies it, and denying wins`;
      return [{ path, message }];
    }),
  );
}

function coversSubject({ subject, deny }: RuleConfig, other: RuleConfig["subject"]): boolean {
  return deny !== undefined && (Object.keys(subject).length === 0 || isSame(subject, other));
}

/** Whether everything that the pattern matches is denied. */
function coversPattern({ deny }: RuleConfig, key: string, pattern: string, allow: RuleConfig["allow"]): boolean {
  const lists = listsOf(deny);
  const servers = lists.get("servers");
  const isEverywhere =
    servers === undefined || servers.some(isUniversal) || isSame(servers, listsOf(allow).get("servers"));
  if (key === "servers")
    return lists.size === 1 && deny?.["console"] !== true && (servers ?? []).some((one) => globMatcher(one)(pattern));
  if (!isEverywhere) return false;
  const covers = isNamed(key) ? coversNamed : (wide: string, narrow: string) => globMatcher(wide)(narrow);
  return (lists.get(key) ?? []).some((one) => covers(one, pattern));
}

const isNamed = (key: string): boolean => key === "tools" || key === "prompts";

/** A pattern that matches the text of another one matches whatever that matches. */
function coversNamed(wide: string, narrow: string): boolean {
  const [outer, inner] = [splitPattern(wide), splitPattern(narrow)];
  const isOnServer = outer.serverPattern === undefined || globMatcher(outer.serverPattern)(inner.serverPattern ?? "*");
  return isOnServer && globMatcher(outer.namePattern)(inner.namePattern);
}

function repetitions(rule: RuleConfig, index: number, rules: readonly RuleConfig[]): AccessFinding[] {
  const first = rules.findIndex((other) => isSame(rule, other));
  if (first === -1 || first >= index) return [];
  const path = ["policy", "rules", index];
  return [{ path, message: `${text(path)} is the same as policy.rules.${first}` }];
}

function permissionRemarks(
  permissions: Readonly<Record<string, readonly string[]>>,
  servers: readonly string[],
): AccessFinding[] {
  return Object.entries(permissions).flatMap(([key, scopes]) => {
    const path = ["auth", "permissions", key];
    const server = serverIn(key);
    const remarks = server === undefined ? [] : unknownServer(server, path, servers);
    if (scopes.length > 0) return remarks;
    return [...remarks, { path, message: `${text(path)} lists no scope: it denies everybody` }];
  });
}

const patternsIn = (rule: RuleConfig): number =>
  EFFECTS.flatMap((effect) => [...listsOf(rule[effect]).values()]).reduce((sum, { length }) => sum + length, 0);

const text = (path: Path): string => path.join(".");

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
