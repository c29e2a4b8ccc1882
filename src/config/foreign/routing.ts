import { isMap, isScalar, isSeq, type Pair } from "yaml";
import { closest } from "../../lib/closest.ts";
import { pairOf } from "../map-items.ts";
import type { Rewriting } from "./rewriting.ts";

/** Rules that choose a server by what is called need one endpoint for all servers. They are checked all the same. */
export function reportRouting(pair: Pair, at: string, names: readonly string[], rewriting: Rewriting): Pair[] {
  const rules = rewriting.resolved(pair.value);
  if (!isSeq(rules)) {
    rewriting.problem(`${at}: must be a list of rules`, pair.value ?? pair.key);
    return [];
  }
  const declared = new Set(names);
  for (const [index, item] of rules.items.entries()) {
    const rule = rewriting.resolved(item);
    const upstream = isMap(rule) ? rewriting.resolved(pairOf(rule, "upstream")?.value) : undefined;
    const name = isScalar(upstream) ? upstream.value : undefined;
    if (typeof name !== "string") {
      rewriting.problem(`${at}[${index}].upstream: must be the name of an upstream`, upstream ?? item);
    } else if (!declared.has(name)) {
      const near = closest(name, names);
      const guess = near === undefined ? "" : `; did you mean "${near}"?`;
      rewriting.problem(`${at}[${index}].upstream: there is no upstream of this name${guess}`, upstream);
    }
  }
  const message =
    `${at} has no effect yet: clients choose a server by its URL, and may use whatever policy allows on each of them, ` +
    "wherever these rules would lead";
  rewriting.note("warn", message, pair.key);
  return [];
}
