import { isMap, isScalar, type Document, type Pair, type YAMLMap } from "yaml";
import type { OffsetProblem } from "./document-problems.ts";
import { mapAt, nameOf, pairOf, placeOf, resolved } from "./map-items.ts";
import { adaptEntry, type EntryVerdict } from "./pasted-entry.ts";
import { CLIENT_SETTINGS } from "./pasted-keys.ts";

/** Something in a config that works, and that its writer should hear of. */
interface OffsetNote extends OffsetProblem {
  readonly level: "info" | "warn";
}

export interface Adapted {
  readonly notes: readonly OffsetNote[];
  readonly problems: readonly OffsetProblem[];
}

/**
 * Turns what people paste from the config of an MCP client into the canonical shape, in the document itself, so that every place
 * stays the one in the file: `mcpServers` is read as `servers`, `cwd` as `path`; what only a client obeys is left out.
 */
export function adaptPasted(document: Document): Adapted {
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
    notes: [...top.notes, ...entries.flatMap(({ verdict }) => verdict.notes), ...caseTwins(servers)],
    problems: [
      ...top.problems,
      ...entries.flatMap(({ verdict }) => verdict.problems),
      ...withoutDisabled(servers, entries, document),
    ],
  };
}

function adaptTop(root: YAMLMap): Adapted {
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

/** Takes the disabled entries out; what was refused as a whole becomes an entry that nothing more is said about. */
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

/** Two names that differ in case only: URLs tell them apart, people and some file systems and clients do not. */
function caseTwins(servers: YAMLMap): OffsetNote[] {
  const seen = new Map<string, string>();
  return servers.items.flatMap((pair) => {
    const name = nameOf(pair);
    const twin = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    if (twin === undefined || twin === name) return [];
    const message = `servers.${name} differs from servers.${twin} only in case: clients and people will confuse them`;
    return [{ level: "warn" as const, message, offset: placeOf(pair.key) }];
  });
}

function remove(map: YAMLMap, pair: Pair): void {
  map.items.splice(map.items.indexOf(pair), 1);
}
