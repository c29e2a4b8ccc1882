import { isMap, isScalar, type Document, type Pair, type YAMLMap } from "yaml";
import type { Adaptation } from "../pasted.ts";
import { mapAt, nameOf, pairOf, resolved } from "../map-items.ts";
import { Rewriting, scalarAt, withComments } from "../foreign/rewriting.ts";
import { runContainer } from "./containers.ts";
import { takeInputs, translatePlaceholders } from "./placeholders.ts";

/** The blocks in which programs list their servers; the first one that a file has counts. */
const LISTS: readonly string[] = ["mcpServers", "servers", "context_servers", "registry"];

/**
 * Brings the file of an MCP client or of a chat program, or a catalog of Docker, into the form that is read as a config: only
 * the servers, and the placeholders in our spelling. `ownKeys` are the keys of our configs.
 */
export function adaptClientFile(document: Document, ownKeys: ReadonlySet<string>): Adaptation {
  const root = resolved(document.contents, document);
  const rewriting = new Rewriting(document);
  if (!isMap(root)) return rewriting;
  unwrap(root, rewriting);
  const inputs = takeInputs(root, rewriting);
  const list = LISTS.map((name) => pairOf(root, name)).find((pair) => pair !== undefined);
  if (list === undefined || !isScalar(list.key)) {
    rewriting.problem("there are no servers in this file: no mcpServers, servers, mcp.servers or registry", root);
    return rewriting;
  }
  if (nameOf(list) !== "mcpServers") list.key.value = "servers";
  leaveOut(root, list, ownKeys, rewriting);
  translatePlaceholders(root, inputs, rewriting);
  for (const pair of mapAt(root, nameOf(list), document)?.items ?? []) {
    const entry = resolved(pair.value, document);
    if (!isMap(entry)) continue;
    runContainer(entry, `servers.${nameOf(pair)}`, rewriting);
    addUnits(entry, `servers.${nameOf(pair)}`, rewriting);
  }
  return rewriting;
}

/** Editors keep the servers in their settings: `mcp: { servers, inputs }`; Docker below the name of a catalog. */
function unwrap(root: YAMLMap, rewriting: Rewriting): void {
  const mcp = pairOf(root, "mcp");
  const inner = rewriting.resolved(mcp?.value);
  if (isMap(inner) && LISTS.some((name) => pairOf(inner, name) !== undefined)) {
    root.items = root.items.flatMap((pair) => (pair === mcp ? inner.items : [pair]));
  }
}

function leaveOut(root: YAMLMap, list: Pair, ownKeys: ReadonlySet<string>, rewriting: Rewriting): void {
  const others = root.items.filter((pair) => pair !== list && !ownKeys.has(nameOf(pair)));
  // What stands before the first key is about the file.
  if (others[0] === root.items[0]) withComments([list], [others[0]?.key]);
  const dropped = new Set(others);
  root.items = root.items.filter((pair) => !dropped.has(pair));
  const names = others.map(nameOf).filter((name) => name !== "$schema");
  if (names.length === 0) return;
  const shown = names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
  rewriting.note("info", `not about servers, and left out: ${shown}`, others[0]?.key);
}

/** Below this, a number is a time in seconds, because no program gives a server less than a second. */
const LEAST_MS = 1_000;

/** Times without a unit are milliseconds to some programs and seconds to others. */
function addUnits(entry: YAMLMap, at: string, rewriting: Rewriting): void {
  const pair = pairOf(entry, "timeout");
  const node = rewriting.resolved(pair?.value);
  if (pair === undefined || !isScalar(node) || typeof node.value !== "number") return;
  const text = node.value < LEAST_MS ? `${node.value}s` : `${node.value}ms`;
  pair.value = scalarAt(text, node);
  rewriting.note("warn", `${at}.timeout has no unit, and is taken for ${text}`, node);
}
