import { isMap, isNode, isScalar, Pair, Scalar, type Document, type YAMLMap } from "yaml";
import { closest } from "../../lib/closest.ts";
import type { OffsetProblem } from "../document-problems.ts";
import { nameOf, placeOf, resolved } from "../map-items.ts";
import type { OffsetNote } from "../pasted.ts";

/** What a key becomes: the pairs that take its place. `at` is its path. */
export type KeyRule = (pair: Pair, at: string, rewriting: Rewriting) => readonly Pair[];
export type KeyRules = ReadonlyMap<string, KeyRule>;

/** Collects what a foreign config became and what it cannot become. */
export class Rewriting {
  readonly notes: OffsetNote[] = [];
  readonly problems: OffsetProblem[] = [];
  /** `server.host → hostname` */
  readonly became: string[] = [];
  readonly #document: Document;
  readonly #origins = new WeakMap<Pair, string>();

  constructor(document: Document) {
    this.#document = document;
  }

  note(level: OffsetNote["level"], message: string, node: unknown): void {
    this.notes.push({ level, message, offset: placeOf(node) });
  }

  problem(message: string, node: unknown): void {
    this.problems.push({ message, offset: placeOf(node) });
  }

  /** The target of an alias; any other node itself. */
  resolved(node: unknown): unknown {
    return resolved(node, this.#document);
  }

  /** A node for a value that the file does not contain. */
  created(value: unknown): unknown {
    return this.#document.createNode(value);
  }

  pair(name: string, value: unknown): Pair {
    return new Pair(new Scalar(name), this.created(value));
  }

  /** The same value under another key, which keeps its place in the file. */
  renamed(pair: Pair, at: string, name: string): Pair {
    const moved = new Pair(keyAt(name, pair.key), pair.value);
    this.#origins.set(moved, at);
    return moved;
  }

  /** Applies the rules to every key of a map; keys without a rule stay. */
  replace(map: YAMLMap, at: string, rules: KeyRules): void {
    map.items = map.items.flatMap((pair) => {
      const rule = rules.get(nameOf(pair));
      return rule === undefined ? [pair] : [...rule(pair, joined(at, nameOf(pair)), this)];
    });
  }

  /** What the rules make of the keys of a map; a key without a rule is a mistake. */
  parts(map: YAMLMap, at: string, rules: KeyRules): Pair[] {
    return map.items.flatMap((pair) => {
      const name = nameOf(pair);
      const rule = rules.get(name);
      if (rule !== undefined) return [...rule(pair, joined(at, name), this)];
      const near = closest(name, [...rules.keys()]);
      const guess = near === undefined ? "" : `; did you mean "${near}"?`;
      this.problem(`${at}: unknown key "${name}"${guess}`, pair.key);
      return [];
    });
  }

  /** Reports keys that now exist twice, and keeps the first of each. */
  removeRepeated(map: YAMLMap): void {
    const seen = new Map<string, Pair>();
    map.items = map.items.filter((pair) => {
      const name = nameOf(pair);
      const first = seen.get(name);
      if (first === undefined) return seen.set(name, pair);
      const [one, other] = [first, pair].map((each) => this.#origins.get(each) ?? name);
      this.problem(`${one} and ${other} mean the same: keep one`, pair.key);
      return false;
    });
  }
}

/** Stays as it is. */
export const kept: KeyRule = (pair) => [pair];

/** The same value under another name. */
export const movedTo =
  (name: string): KeyRule =>
  (pair, at, rewriting) => {
    rewriting.became.push(`${at} → ${name}`);
    return [rewriting.renamed(pair, at, name)];
  };

/** Has no counterpart; the message says what to do instead. */
export const withoutCounterpart =
  (level: OffsetNote["level"], message: string): KeyRule =>
  (pair, at, rewriting) => {
    rewriting.note(level, `${at} has no counterpart here and is ignored: ${message}`, pair.key);
    return [];
  };

/** Its keys move one level up. */
export const spread =
  (rules: KeyRules): KeyRule =>
  (pair, at, rewriting) => {
    const map = mapOf(pair, at, rewriting);
    return map === undefined ? [] : withComments(rewriting.parts(map, at, rules), [pair.key, map]);
  };

/** Its keys stay inside. */
export const within =
  (rules: KeyRules): KeyRule =>
  (pair, at, rewriting) => {
    const map = rewriting.resolved(pair.value);
    if (isMap(map)) rewriting.replace(map, at, rules);
    return [pair];
  };

/** The value of a key if it is a block of keys, else a mistake. */
export function mapOf(pair: Pair, at: string, rewriting: Rewriting): YAMLMap | undefined {
  const map = rewriting.resolved(pair.value);
  if (isMap(map)) return map;
  rewriting.problem(`${at}: must be a block of keys`, isNode(pair.value) ? pair.value : pair.key);
  return undefined;
}

/** A value in the place of another one, whose comments it keeps. */
export function scalarAt(value: unknown, place: unknown): Scalar {
  const scalar = new Scalar(value);
  if (!isNode(place)) return scalar;
  scalar.range = place.range ?? null;
  if (isScalar(place)) Object.assign(scalar, { comment: place.comment, commentBefore: place.commentBefore });
  return scalar;
}

/** A key in the place of another one. A comment behind a key would make it a complex key, so that it goes before it. */
export function keyAt(name: string, place: unknown): Scalar {
  const scalar = scalarAt(name, place);
  scalar.commentBefore = joinedComments([scalar.commentBefore, scalar.comment]);
  scalar.comment = null;
  return scalar;
}

/** Puts the comments of nodes that are left out before the first of the pairs that replace them. */
export function withComments(pairs: readonly Pair[], nodes: readonly unknown[]): readonly Pair[] {
  const key = pairs[0]?.key;
  if (!isScalar(key)) return pairs;
  const comments = nodes.map((node) => (isNode(node) ? node.commentBefore : undefined));
  key.commentBefore = joinedComments([...comments, key.commentBefore]);
  return pairs;
}

function joinedComments(comments: readonly (string | null | undefined)[]): string | null {
  const present = comments.filter((comment) => typeof comment === "string" && comment !== "");
  return present.length === 0 ? null : present.join("\n");
}

const joined = (at: string, name: string): string => (at === "" ? name : `${at}.${name}`);
