import { isObject } from "../../lib/json.ts";
import { contentParts, type RestAnswer } from "./answer.ts";

/** Cuts the text of a result at `maxChars` in all, for callers that refuse long answers (GPT Actions: 100,000 characters). */
export function truncated(answer: RestAnswer, maxChars: number): RestAnswer {
  if (maxChars === 0 || answer.body.length <= maxChars) return answer;
  const isJson = answer.headers["Content-Type"] === "application/json";
  const body = isJson ? cutResult(answer.body.toString(), maxChars) : cut(answer.body.toString(), maxChars);
  return { ...answer, headers: { ...answer.headers, "X-MCP-Truncated": "true" }, body };
}

function cutResult(body: string, maxChars: number): string {
  const result: unknown = JSON.parse(body);
  if (!isObject(result)) return body;
  let left = maxChars;
  const content = contentParts(result).map((part) => {
    const { text } = part;
    if (typeof text !== "string") return part;
    const shorter = cut(text, left);
    left = Math.max(0, left - text.length);
    return { ...part, text: shorter };
  });
  // The same data again, which cannot be cut and still be what the schema says.
  const { structuredContent: _left, ...rest } = result;
  return JSON.stringify({ ...rest, content });
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…[truncated ${text.length - chars} chars]`;
}
