import { globMatcher, isUniversal, type Matches } from "../../lib/glob.ts";
import { folded } from "../../lib/lookalikes.ts";
import { methods } from "../../protocol/methods.ts";
import type { TargetKind } from "../../protocol/policy.ts";
import { listsOf, type GrantConfig } from "./config.ts";
import { ruleKinds } from "./kinds.ts";
import type { NameForms } from "./name-forms.ts";
import type { TargetPattern } from "./rule-kind.ts";

/** What everybody needs who may anything at all on a server. */
const BASE: readonly string[] = [methods.initialize, "server/discover", methods.setLevel, methods.listen];
/** Housekeeping of the protocol, which is decided like `initialize`. */
const HOUSEKEEPING: ReadonlySet<string> = new Set([
  methods.ping,
  methods.initialized,
  methods.cancelled,
  methods.progress,
  "server/discover",
  "notifications/roots/list_changed",
]);

/** A compiled `allow` or `deny`. */
export interface Grant {
  /** Where it is in the config. */
  readonly path: string;
  readonly servers: Matches | undefined;
  /** The methods that are listed; undefined when none are. */
  readonly methods: Matches | undefined;
  readonly listsAllMethods: boolean;
  /** By what they are about; empty when the grant names no tools, prompts or resources. */
  readonly targets: ReadonlyMap<TargetKind, readonly TargetPattern[]>;
  /** The methods that its targets need, if it does not list methods. */
  readonly implied: ReadonlySet<string>;
  /** It is about the console. */
  readonly console: boolean;
  /** It names nothing that is done on a server. */
  readonly isEmpty: boolean;
}

export function compileGrant(
  grant: GrantConfig | undefined,
  path: string,
  effect: "allow" | "deny",
): Grant | undefined {
  if (grant === undefined) return undefined;
  const lists = listsOf(grant);
  const named = ruleKinds.filter(({ key }) => lists.has(key));
  const methodPatterns = lists.get("methods");
  const servers = lists.get("servers");
  return {
    path: `${path}.${effect}`,
    servers: servers && anyOf(servers),
    methods: methodPatterns && (effect === "allow" ? anyOf(methodPatterns) : anyFolded(methodPatterns)),
    listsAllMethods: methodPatterns?.some(isUniversal) ?? false,
    targets: new Map(named.map(({ key, target, compile }) => [target, (lists.get(key) ?? []).map(compile)])),
    implied: impliedMethods(named.flatMap((kind) => kind.methods)),
    console: grant["console"] === true,
    isEmpty: lists.size === 0 || (grant["console"] === true && methodPatterns === undefined && named.length === 0),
  };
}

/** The methods that come with the right to use something, besides those for using it. */
export const impliedMethods = (own: readonly string[]): ReadonlySet<string> =>
  new Set([...BASE, ...HOUSEKEEPING, ...own]);

/** An action whose names have been read. */
export interface NamedAction {
  readonly server: string;
  readonly method: NameForms;
  readonly target: { readonly kind: TargetKind; readonly name: NameForms } | undefined;
}

/** Whether the grant is about anything on the server. */
export function reaches({ servers, targets, isEmpty }: Grant, server: string): boolean {
  if (isEmpty || servers?.(server) === false) return false;
  if (targets.size === 0) return true;
  for (const patterns of targets.values()) if (patterns.some((pattern) => pattern.reaches(server))) return true;
  return false;
}

/** Whether the grant is about the console of the server. */
export const concernsConsole = ({ console: isAbout, servers }: Grant, server: string): boolean =>
  isAbout && servers?.(server) !== false;

/** For a grant that reaches the server of the action. */
export function allows(grant: Grant, { server, method, target }: NamedAction): boolean {
  if (!allowsMethod(grant, method.written)) return false;
  // A grant that names no tools, prompts or resources is about all of them.
  if (target === undefined || grant.targets.size === 0) return true;
  const { kind, name } = target;
  return grant.targets.get(kind)?.some((pattern) => pattern.reaches(server) && pattern.allows(name)) ?? false;
}

function allowsMethod({ methods: listed, targets, implied }: Grant, method: string): boolean {
  if (listed === undefined) return targets.size === 0 || implied.has(method);
  return listed(method) || (HOUSEKEEPING.has(method) && listed(methods.initialize));
}

/** For a grant that reaches the server of the action, or that names no server. Every key denies on its own. */
export function denies(grant: Grant, { server, method, target }: NamedAction): boolean {
  if (grant.methods === undefined && grant.targets.size === 0) return true;
  if (grant.methods?.(method.folded) === true) return true;
  if (target === undefined) return false;
  const { kind, name } = target;
  return grant.targets.get(kind)?.some((pattern) => pattern.denies(server, name)) ?? false;
}

/** Whether a denying grant leaves nothing of the server, or nothing of that kind of things on it. */
export function deniesAll(
  { methods: listed, listsAllMethods, targets }: Grant,
  server: string,
  kind?: TargetKind,
): boolean {
  if (listsAllMethods || (listed === undefined && targets.size === 0)) return true;
  if (kind === undefined) return false;
  return targets.get(kind)?.some((pattern) => pattern.isUniversal && pattern.reaches(server)) ?? false;
}

function anyOf(patterns: readonly string[]): Matches {
  const matchers = patterns.map(globMatcher);
  return (text) => matchers.some((matches) => matches(text));
}

const anyFolded = (patterns: readonly string[]): Matches => anyOf(patterns.map(folded));
