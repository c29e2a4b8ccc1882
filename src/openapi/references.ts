import { isObject, member } from "../lib/json.ts";
import type { JsonObject } from "./json.ts";
import { clip, plainText, quoted } from "../lib/text.ts";
import type { Warn } from "../lib/warnings.ts";

/** The target of a reference, under one canonical pointer shared by all references to it. */
export interface Target {
  readonly pointer: string;
  readonly schema: unknown;
}

/** The target of a `$ref`, or `undefined` when it is remote, missing, or refers only to itself. */
type ReferenceResolver = (ref: string) => Target | undefined;

/** Resolves references within one root document: `#`, `#/pointer` and `#anchor`. Nothing is fetched. */
export function referenceResolver(root: unknown): ReferenceResolver {
  const id = member(root, "$id");
  const base = typeof id === "string" ? id.replace(/#$/, "") : "";
  let anchors: ReadonlyMap<string, unknown> | undefined;
  const locate = (ref: string): Target | undefined => {
    const fragment = base !== "" && ref.startsWith(base) ? ref.slice(base.length) : ref;
    if (fragment === "" || fragment === "#") return asTarget("#", root);
    if (fragment.startsWith("#/")) return resolvePointer(root, fragment.slice(2));
    if (!fragment.startsWith("#")) return undefined;
    anchors ??= anchorsIn(root);
    const schema = anchors.get(fragment.slice(1));
    return asTarget(schema === root ? "#" : fragment, schema);
  };
  const found = new Map<string, Target | undefined>();
  return (ref) => {
    if (!found.has(ref)) found.set(ref, followAliases(locate(ref), locate));
    return found.get(ref);
  };
}

/** The replacement for a reference that cannot be resolved. */
export function unresolved(ref: string, beside: JsonObject, warn: Warn): JsonObject {
  warn(`the reference ${quoted(ref)} points outside its schema or to nothing, and was not followed`);
  const note = `Described elsewhere: ${clip(plainText(ref) ?? "", 200)}`;
  const description = beside["description"];
  return { ...beside, description: typeof description === "string" ? `${description}\n\n${note}` : note };
}

const MAX_HOPS = 100;
const MAX_VISITS = 1_000_000;
const ALIAS_KEYWORDS: ReadonlySet<string> = new Set(["$ref", "$defs", "definitions", "$schema", "$id", "$comment"]);

/** Follows definitions that only refer to another one, so that cycles of them end here and not in a client. */
function followAliases(target: Target | undefined, locate: ReferenceResolver): Target | undefined {
  let current = target;
  for (let hops = 0; hops < MAX_HOPS; hops += 1) {
    if (current === undefined || !isObject(current.schema)) return current;
    const ref = current.schema["$ref"];
    if (typeof ref !== "string" || !Object.keys(current.schema).every((key) => ALIAS_KEYWORDS.has(key))) return current;
    current = locate(ref);
  }
  return undefined;
}

function resolvePointer(root: unknown, encoded: string): Target | undefined {
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

/** Finds anchors in the syntax of every draft. Iterative, because the server controls the depth. */
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
