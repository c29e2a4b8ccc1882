import { isMap, isScalar, isSeq, Pair, YAMLMap } from "yaml";
import { pairOf } from "../map-items.ts";
import { keyAt, withComments, type KeyRule, type KeyRules, type Rewriting } from "./rewriting.ts";

/** How an entry of the list becomes one of `servers`. */
export interface EntryRules {
  readonly rules: KeyRules;
  /** What is added to every entry that does not have the key. */
  readonly additions: (rewriting: Rewriting) => readonly Pair[];
}

/** A list of servers with names becomes `servers`, whose keys are the names. */
export const serverList =
  (entries: EntryRules): KeyRule =>
  (pair, at, rewriting) => {
    const list = rewriting.resolved(pair.value);
    if (!isSeq(list)) {
      rewriting.problem(`${at}: must be a list`, pair.value ?? pair.key);
      return [];
    }
    rewriting.became.push(`${at} → servers`);
    const servers = new YAMLMap();
    Object.assign(servers, { range: list.range, comment: list.comment, commentBefore: list.commentBefore });
    const names = new Set<string>();
    for (const [index, item] of list.items.entries()) {
      const entry = serverEntry(rewriting.resolved(item), `${at}[${index}]`, entries, rewriting);
      if (entry === undefined) continue;
      const { name, node, value } = entry;
      if (names.has(name)) rewriting.problem(`${at}[${index}].name: another server has this name`, node);
      else servers.items.push(...withComments([new Pair(keyAt(name, node), value)], [item]));
      names.add(name);
    }
    return [rewriting.renamed(new Pair(pair.key, servers), at, "servers")];
  };

interface ServerEntry {
  readonly name: string;
  readonly node: unknown;
  readonly value: YAMLMap;
}

function serverEntry(
  item: unknown,
  at: string,
  { rules, additions }: EntryRules,
  rewriting: Rewriting,
): ServerEntry | undefined {
  if (!isMap(item)) {
    rewriting.problem(`${at}: must be a block of keys`, item);
    return undefined;
  }
  const node = rewriting.resolved(pairOf(item, "name")?.value);
  const name = isScalar(node) ? node.value : undefined;
  if (typeof name !== "string" || name === "" || name === "__proto__") {
    const message = node === undefined ? "is missing: it becomes part of the URL" : "must be a name";
    rewriting.problem(`${at}.name: ${message}`, node ?? item);
    return undefined;
  }
  const value = new YAMLMap();
  Object.assign(value, { range: item.range, comment: item.comment });
  value.items = rewriting.parts(item, at, new Map([...rules, ["name", () => []]]));
  const present = new Set(value.items.map(({ key }) => (isScalar(key) ? key.value : undefined)));
  for (const pair of additions(rewriting)) {
    if (isScalar(pair.key) && !present.has(pair.key.value)) value.items.push(pair);
  }
  rewriting.removeRepeated(value);
  return { name, node, value };
}

/** The names of the servers in a list, as far as they are texts. */
export function namesIn(list: unknown, rewriting: Rewriting): string[] {
  if (!isSeq(list)) return [];
  return list.items.flatMap((item) => {
    const entry = rewriting.resolved(item);
    const name = isMap(entry) ? rewriting.resolved(pairOf(entry, "name")?.value) : undefined;
    return isScalar(name) && typeof name.value === "string" ? [name.value] : [];
  });
}

/** The path of the URL for all servers, which cannot be chosen here. */
export const pathRule: KeyRule = (pair, at, rewriting) => {
  const node = rewriting.resolved(pair.value);
  if (isScalar(node) && typeof node.value === "string" && /^\/?mcp\/?$/.test(node.value)) return [];
  const message = `${at} has no effect: the URL for all servers ends in /mcp; a reverse proxy can give it another path`;
  rewriting.note("warn", message, pair.key);
  return [];
};
