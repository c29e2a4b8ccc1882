import { isObject, type JsonObject } from "../../lib/json.ts";
import { clip, plainText } from "../../lib/text.ts";

/** Indented JSON grows with the square of its depth, and a schema can be nested 2,000 levels deep. */
const LEVELS = 24;
const CHARACTERS = 40_000;
const CHARACTERS_PER_TEXT = 2_000;

interface Printed {
  readonly text: string;
  /** False when something was left out and replaced by an ellipsis. */
  readonly isWhole: boolean;
}

/** Indented JSON, truncated to a readable amount. */
export function printJson(value: unknown): Printed {
  const budget: Budget = { characters: CHARACTERS, isWhole: true };
  const text = JSON.stringify(pruned(value, LEVELS, budget), null, 2) ?? "";
  return { text, isWhole: budget.isWhole };
}

interface Budget {
  characters: number;
  isWhole: boolean;
}

const ELLIPSIS = "…";
/** The characters of punctuation, or of a number. */
const CHARACTERS_PER_VALUE = 8;

function pruned(value: unknown, levels: number, budget: Budget): unknown {
  budget.characters -= CHARACTERS_PER_VALUE;
  if (typeof value === "string") return prunedText(value, budget);
  if (Array.isArray(value)) return prunedList(value, levels - 1, budget);
  return isObject(value) ? prunedObject(value, levels - 1, budget) : value;
}

function prunedList(list: readonly unknown[], levels: number, budget: Budget): readonly unknown[] {
  const inside: unknown[] = [];
  for (const item of list) {
    if (isSpent(levels, budget)) return [...inside, ELLIPSIS];
    inside.push(pruned(item, levels, budget));
  }
  return inside;
}

function prunedObject(object: JsonObject, levels: number, budget: Budget): object {
  const inside: [string, unknown][] = [];
  for (const key of Object.keys(object)) {
    if (isSpent(levels, budget)) return Object.fromEntries([...inside, [ELLIPSIS, ELLIPSIS]]);
    inside.push([prunedText(key, budget), pruned(object[key], levels, budget)]);
  }
  return Object.fromEntries(inside);
}

function isSpent(levels: number, budget: Budget): boolean {
  if (levels >= 0 && budget.characters > 0) return false;
  budget.isWhole = false;
  return true;
}

function prunedText(text: string, budget: Budget): string {
  if (text.length > CHARACTERS_PER_TEXT) budget.isWhole = false;
  // The first slice may cut a surrogate pair in half, but beyond the length that is kept.
  const kept = clip(plainText(text.slice(0, 2 * CHARACTERS_PER_TEXT)) ?? "", CHARACTERS_PER_TEXT);
  budget.characters -= kept.length;
  return kept;
}
