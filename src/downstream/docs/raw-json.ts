import { isObject } from "../../lib/json.ts";
import { clip, plainText } from "../../openapi/text.ts";

/** Indented JSON grows with the square of its depth, and a schema can be nested 2,000 levels. */
const LEVELS = 24;
const CHARACTERS = 40_000;
const CHARACTERS_PER_TEXT = 2_000;

interface Printed {
  readonly text: string;
  /** False when something was left out, for which there is an ellipsis. */
  readonly isWhole: boolean;
}

/** JSON as a person can read it, and never more of it than that. */
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
/** Of punctuation, and of a number. */
const CHARACTERS_PER_VALUE = 8;

function pruned(value: unknown, levels: number, budget: Budget): unknown {
  budget.characters -= CHARACTERS_PER_VALUE;
  if (typeof value === "string") return prunedText(value, budget);
  if (!Array.isArray(value) && !isObject(value)) return value;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const inside: [string, unknown][] = [];
  for (const [key, item] of entries) {
    if (levels === 0 || budget.characters <= 0) break;
    inside.push([prunedText(key, budget), pruned(item, levels - 1, budget)]);
  }
  if (inside.length < entries.length) {
    budget.isWhole = false;
    inside.push([ELLIPSIS, ELLIPSIS]);
  }
  return Array.isArray(value) ? inside.map(([, item]) => item) : Object.fromEntries(inside);
}

function prunedText(text: string, budget: Budget): string {
  if (text.length > CHARACTERS_PER_TEXT) budget.isWhole = false;
  // Half a character at the first cut is behind the second one.
  const kept = clip(plainText(text.slice(0, 2 * CHARACTERS_PER_TEXT)) ?? "", CHARACTERS_PER_TEXT);
  budget.characters -= kept.length;
  return kept;
}
