import { isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { closest } from "../../lib/closest.ts";
import { isUniversal } from "../../lib/glob.ts";
import { pairOf } from "../map-items.ts";
import { kept, type KeyRule, type Rewriting } from "./rewriting.ts";

/** Rules that choose a server by what is called: they mean the same here, but `upstream` is called `server`. */
export function routingRules(pair: Pair, at: string, names: readonly string[], rewriting: Rewriting): Pair[] {
  const rules = rewriting.resolved(pair.value);
  if (!isSeq(rules)) {
    rewriting.problem(`${at}: must be a list of rules`, pair.value ?? pair.key);
    return [];
  }
  const changed = new Set<YAMLMap>();
  for (const [index, item] of rules.items.entries()) {
    const rule = rewriting.resolved(item);
    // An alias is a rule that was read before.
    if (isMap(rule) && changed.has(rule)) continue;
    checkUpstream(rule, item, { at: `${at}[${index}]`, names, rewriting });
    if (!isMap(rule)) continue;
    changed.add(rule);
    rule.items = rewriting.parts(rule, `${at}[${index}]`, RULE_KEYS);
  }
  if (changed.size > 0) rewriting.became.push(`${at}.*.upstream → ${at}.*.server`);
  if ([...changed].some((rule) => isSelective(rule, rewriting))) {
    const message =
      `${at} leads calls of a plain name to their server, and forbids none: every tool can also be called by its name in the list ` +
      "and at the URL of its server, as far as policy allows";
    rewriting.note("warn", message, pair.key);
  }
  return [pair];
}

const asServer: KeyRule = (pair, at, rewriting) => [rewriting.renamed(pair, at, "server")];

const RULE_KEYS = new Map<string, KeyRule>([
  ["match", kept],
  ["upstream", asServer],
]);

interface Checking {
  readonly at: string;
  readonly names: readonly string[];
  readonly rewriting: Rewriting;
}

function checkUpstream(rule: unknown, item: unknown, { at, names, rewriting }: Checking): void {
  const upstream = isMap(rule) ? rewriting.resolved(pairOf(rule, "upstream")?.value) : undefined;
  const name = isScalar(upstream) ? upstream.value : undefined;
  if (typeof name !== "string") {
    return rewriting.problem(`${at}.upstream: must be the name of an upstream`, upstream ?? item);
  }
  if (names.includes(name)) return;
  const near = closest(name, names);
  const guess = near === undefined ? "" : `; did you mean "${near}"?`;
  rewriting.problem(`${at}.upstream: there is no upstream of this name${guess}`, upstream);
}

/** Whether a rule is about some requests only. */
function isSelective(rule: YAMLMap, rewriting: Rewriting): boolean {
  const match = rewriting.resolved(pairOf(rule, "match")?.value);
  if (!isMap(match)) return false;
  return match.items.some(({ value }) => {
    const pattern = rewriting.resolved(value);
    return isScalar(pattern) && typeof pattern.value === "string" && !isUniversal(pattern.value);
  });
}
