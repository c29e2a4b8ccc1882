import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { Line } from "../../lib/lines.ts";
import { contentParts } from "./answer.ts";

export interface TruncatedResult {
  readonly result: Line;
  readonly isCut: boolean;
}

/** Truncates the texts of a result to `maxChars` in total, for callers that refuse long responses (GPT Actions: 100,000 characters). */
export function truncateResult(result: Line, maxChars: number): TruncatedResult {
  if (maxChars === 0 || result.length <= maxChars) return { result, isCut: false };
  const value: unknown = JSON.parse(result.toString());
  if (!isObject(value)) return { result, isCut: false };
  let left = maxChars;
  const content = contentParts(value).map((part) => {
    const text = textOf(part);
    if (text === undefined) return part;
    const shorter = withText(part, cut(text, left));
    left -= text.length;
    return shorter;
  });
  if (left >= 0) return { result, isCut: false };
  // Dropped, because it repeats the same data and cannot be truncated without violating its schema.
  const { structuredContent: _again, ...rest } = value;
  return { result: JSON.stringify({ ...rest, content }), isCut: true };
}

function textOf({ text, resource }: JsonObject): string | undefined {
  const own = text ?? member(resource, "text");
  return typeof own === "string" ? own : undefined;
}

function withText(part: JsonObject, text: string): JsonObject {
  return isObject(part["resource"]) ? { ...part, resource: { ...part["resource"], text } } : { ...part, text };
}

function cut(text: string, left: number): string {
  const wanted = Math.max(0, left);
  // Does not cut a surrogate pair in half.
  const kept = /[\uD800-\uDBFF]$/.test(text.slice(0, wanted)) ? wanted - 1 : wanted;
  return text.length <= wanted ? text : `${text.slice(0, kept)}…[truncated ${text.length - kept} chars]`;
}
