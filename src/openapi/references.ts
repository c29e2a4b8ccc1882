import { isObject, member } from "../lib/json.ts";
import type { JsonObject } from "./json.ts";
import { clip, plainText, quoted } from "../lib/text.ts";
import type { Warn } from "../lib/warnings.ts";

/** A schema that a reference means, under the one name that all references to it share. */
export interface Target {
  readonly pointer: string;
  readonly schema: unknown;
}

/** The target of a `$ref`, or `undefined` when it is remote, leads nowhere, or leads only to itself. */
type Find = (ref: string) => Target | undefined;

/** Resolves references against one root, without ever leaving it: `#`, `#/pointer` and `#anchor`. */
export function finder(root: unknown): Find {
  const id = member(root, "$id");
  const base = typeof id === "string" ? id.replace(/#$/, "") : "";
  let anchors: ReadonlyMap<string, unknown> | undefined;
  const locate = (ref: string): Target | undefined => {
    const fragment = base !== "" && ref.startsWith(base) ? ref.slice(base.length) : ref;
    if (fragment === "" || fragment === "#") return asTarget("#", root);
    if (fragment.startsWith("#/")) return pointed(root, fragment.slice(2));
    if (!fragment.startsWith("#")) return undefined;
    anchors ??= anchorsIn(root);
    const schema = anchors.get(fragment.slice(1));
    return asTarget(schema === root ? "#" : fragment, schema);
  };
  const found = new Map<string, Target | undefined>();
  return (ref) => {
    if (!found.has(ref)) found.set(ref, behindAliases(locate(ref), locate));
    return found.get(ref);
  };
}

/** What stands in for a reference that cannot be followed; nothing is ever fetched. */
export function unresolved(ref: string, beside: JsonObject, warn: Warn): JsonObject {
  warn(`the reference ${quoted(ref)} points outside its schema or to nothing, and was not followed`);
  const note = `Described elsewhere: ${clip(plainText(ref) ?? "", 200)}`;
  const description = beside["description"];
  return { ...beside, description: typeof description === "string" ? `${description}\n\n${note}` : note };
}

const MAX_HOPS = 100;
const MAX_VISITS = 1_000_000;
const ALIAS_KEYWORDS: ReadonlySet<string> = new Set(["$ref", "$defs", "definitions", "$schema", "$id", "$comment"]);

/** Definitions that only name another one are passed through, so that rings of them end here and not in a client. */
function behindAliases(target: Target | undefined, locate: Find): Target | undefined {
  let current = target;
  for (let hops = 0; hops < MAX_HOPS; hops += 1) {
    if (current === undefined || !isObject(current.schema)) return current;
    const ref = current.schema["$ref"];
    if (typeof ref !== "string" || !Object.keys(current.schema).every((key) => ALIAS_KEYWORDS.has(key))) return current;
    current = locate(ref);
  }
  return undefined;
}

function pointed(root: unknown, encoded: string): Target | undefined {
  const path = decoded(encoded);
  if (path === undefined) return undefined;
  let value = root;
  for (const token of path.split("/")) value = inside(value, token.replaceAll("~1", "/").replaceAll("~0", "~"));
  return asTarget(`#/${path}`, value);
}

function inside(value: unknown, token: string): unknown {
  if (!Array.isArray(value)) return member(value, token);
  const list: readonly unknown[] = value;
  return /^\d+$/.test(token) ? list[Number(token)] : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // a broken escape points nowhere
  }
}

function asTarget(pointer: string, schema: unknown): Target | undefined {
  return typeof schema === "boolean" || isObject(schema) ? { pointer, schema } : undefined;
}

/** Anchors as every draft writes them; a loop with its own stack, because the depth is the stranger's. */
function anchorsIn(root: unknown): ReadonlyMap<string, unknown> {
  const anchors = new Map<string, unknown>();
  const waiting: unknown[] = [root];
  for (let visits = 0; visits < MAX_VISITS && waiting.length > 0; visits += 1) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null) continue;
    for (const inner of Object.values(value)) waiting.push(inner);
    if (isObject(value)) for (const name of anchorsOf(value)) anchors.set(name, value);
  }
  return anchors;
}

function anchorsOf(schema: Readonly<Record<string, unknown>>): readonly string[] {
  const { $anchor, $dynamicAnchor, $id, id } = schema;
  const plain = [$anchor, $dynamicAnchor].filter((name) => typeof name === "string");
  const old = [$id, id].filter((name) => typeof name === "string").filter((name) => name.startsWith("#"));
  return [...plain, ...old.map((name) => name.slice(1))];
}
