import { isObject } from "../../lib/json.ts";
import { clip, plainText } from "../../openapi/text.ts";

/** Indented JSON grows with the square of its depth, and a schema can be nested 2,000 levels. */
const LEVELS = 24;
const VALUES = 2_000;
const TEXT = 2_000;

interface Printed {
  readonly text: string;
  /** False when something was left out, for which there is an ellipsis. */
  readonly isWhole: boolean;
}

/** JSON as a person can read it, and never more of it than that. */
export function printJson(value: unknown): Printed {
  const budget: Budget = { values: VALUES, isWhole: true };
  const text = JSON.stringify(pruned(value, LEVELS, budget), null, 2) ?? "";
  return { text, isWhole: budget.isWhole };
}

interface Budget {
  values: number;
  isWhole: boolean;
}

const ELLIPSIS = "…";

function pruned(value: unknown, levels: number, budget: Budget): unknown {
  budget.values -= 1;
  if (typeof value === "string") return prunedText(value, budget);
  if (!Array.isArray(value) && !isObject(value)) return value;
  if (levels === 0 || budget.values <= 0) {
    budget.isWhole = false;
    return ELLIPSIS;
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const kept = entries.slice(0, Math.max(1, budget.values));
  if (kept.length < entries.length) budget.isWhole = false;
  const inside = kept.map(([key, item]) => [prunedText(key, budget), pruned(item, levels - 1, budget)] as const);
  return Array.isArray(value) ? inside.map(([, item]) => item) : Object.fromEntries(inside);
}

function prunedText(text: string, budget: Budget): string {
  if (text.length > TEXT) budget.isWhole = false;
  return clip(plainText(text) ?? "", TEXT);
}
