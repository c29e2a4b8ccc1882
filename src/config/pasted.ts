import { isMap, isScalar, type Document, type Pair, type YAMLMap } from "yaml";
import type { OffsetProblem } from "./document-problems.ts";
import { mapAt, nameOf, pairOf, placeOf, resolved } from "./map-items.ts";
import { adaptEntry, type EntryVerdict } from "./pasted-entry.ts";
import { CLIENT_SETTINGS } from "./pasted-keys.ts";

/** A remark about something in the config that works. */
export interface OffsetNote extends OffsetProblem {
  readonly level: "info" | "warn";
}

export interface Adaptation {
  readonly notes: readonly OffsetNote[];
  readonly problems: readonly OffsetProblem[];
}

/**
 * Converts what people paste from the config of an MCP client to our format, within the document, so that offsets stay valid:
 * `mcpServers` becomes `servers`, `cwd` becomes `path`, and keys that only affect a client are dropped.
 */
export function adaptPasted(document: Document): Adaptation {
  const root = resolved(document.contents, document);
  if (!isMap(root)) return { notes: [], problems: [] };
  const top = adaptTop(root);
  const servers = mapAt(root, "servers", document);
  if (servers === undefined) return top;
  const entries = servers.items.flatMap((pair) => {
    const entry = resolved(pair.value, document);
    return isMap(entry) ? [{ pair, verdict: adaptEntry(`servers.${nameOf(pair)}`, entry, document) }] : [];
  });
  return {
    notes: [...top.notes, ...entries.flatMap(({ verdict }) => verdict.notes), ...caseConflicts(servers)],
    problems: [
      ...top.problems,
      ...entries.flatMap(({ verdict }) => verdict.problems),
      ...withoutDisabled(servers, entries, document),
    ],
  };
}

function adaptTop(root: YAMLMap): Adaptation {
  const notes: OffsetNote[] = [];
  const problems: OffsetProblem[] = [];
  const pasted = pairOf(root, "mcpServers");
  if (pasted !== undefined && isScalar(pasted.key)) {
    const offset = placeOf(pasted.key);
    if (pairOf(root, "servers") === undefined) {
      pasted.key.value = "servers";
      notes.push({ level: "info", message: "mcpServers is read as servers", offset });
    } else {
      remove(root, pasted);
      problems.push({
        message: "mcpServers and servers mean the same: move the entries of one into the other",
        offset,
      });
    }
  }
  for (const pair of root.items.filter((item) => CLIENT_SETTINGS.has(nameOf(item)) || nameOf(item) === "$schema")) {
    remove(root, pair);
    if (nameOf(pair) === "$schema") continue;
    const message = `${nameOf(pair)} is a client setting and is ignored`;
    notes.push({ level: "info", message, offset: placeOf(pair.key) });
  }
  return { notes, problems };
}

/** Removes disabled entries, and replaces rejected ones with a placeholder that causes no further messages. */
function withoutDisabled(
  servers: YAMLMap,
  entries: readonly { readonly pair: Pair; readonly verdict: EntryVerdict }[],
  document: Document,
): OffsetProblem[] {
  const disabled = entries.filter(({ verdict }) => verdict.isDisabled);
  const isNoneLeft = disabled.length > 0 && disabled.length === servers.items.length;
  for (const { pair, verdict } of entries) {
    if (verdict.isDisabled && !isNoneLeft) remove(servers, pair);
    else if (verdict.isDisabled || verdict.problems.some(({ isWhole }) => isWhole))
      pair.value = document.createNode({ command: "-" });
  }
  if (!isNoneLeft) return [];
  return [{ message: "servers: every server is disabled, but at least one is needed", offset: placeOf(servers) }];
}

/** Warns of names that differ only in case: URLs distinguish them, but people and some file systems and clients do not. */
function caseConflicts(servers: YAMLMap): OffsetNote[] {
  const seen = new Map<string, string>();
  return servers.items.flatMap((pair) => {
    const name = nameOf(pair);
    const other = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (other === undefined || other === name) return [];
    const message = `servers.${name} differs from servers.${other} only in case: clients and people will confuse them`;
    return [{ level: "warn" as const, message, offset: placeOf(pair.key) }];
  });
}

function remove(map: YAMLMap, pair: Pair): void {
  map.items.splice(map.items.indexOf(pair), 1);
}
