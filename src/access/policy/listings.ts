import { arrayElements, scanKeys, valueEnd } from "../../lib/json-scan.ts";
import { isObject, member } from "../../lib/json.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { ResponseFrame } from "../../protocol/frame.ts";
import { encodeId } from "../../protocol/jsonrpc.ts";
import { methods } from "../../protocol/methods.ts";
import type { TargetKind } from "../../protocol/policy.ts";
import { resultText } from "../../protocol/result-text.ts";

/** What a list method answers with (MCP 2025-11-25, server features). */
export interface Listing {
  readonly kind: TargetKind;
  /** The member of the result that is the list. */
  readonly key: string;
  /** The member of an entry by which it is used. */
  readonly name: string;
}

export const LISTINGS: ReadonlyMap<string, Listing> = new Map([
  [methods.listTools, { kind: "tool", key: "tools", name: "name" }],
  [methods.listPrompts, { kind: "prompt", key: "prompts", name: "name" }],
  [methods.listResources, { kind: "resource", key: "resources", name: "uri" }],
  [methods.listTemplates, { kind: "resource", key: "resourceTemplates", name: "uriTemplate" }],
]);

/**
 * The answer without the entries that the client may not see; the same one when it may see all of them. What is left keeps its
 * text, which may have numbers that JSON.parse would round. Throws when the answer is no such list: then none of it may be shown.
 */
export function filteredList(
  answer: ResponseFrame,
  { key, name }: Listing,
  isVisible: (name: string) => boolean,
): ResponseFrame {
  const text = resultText(answer.line).toString();
  const entries = member(parsed(text), key);
  if (!Array.isArray(entries)) throw noList(key);
  const isKept = (entries as readonly unknown[]).map((entry) => {
    const named = isObject(entry) ? member(entry, name) : undefined;
    return typeof named === "string" && isVisible(named);
  });
  const place = placeOf(text, key);
  if (isKept.every(Boolean)) return answer;
  const kept = arrayElements(text.slice(place.start, place.end)).filter((_text, index) => isKept[index]);
  const result = `${text.slice(0, place.start)}[${kept.join(",")}]${text.slice(place.end)}`;
  return { ...answer, line: `{"jsonrpc":"2.0","id":${encodeId(answer.id)},"result":${result}}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GatewayError("protocol_violation", "The server's list is not valid JSON.");
  }
}

/** Where the list is in the text of the result. */
function placeOf(text: string, key: string): { start: number; end: number } {
  const starts: number[] = [];
  scanKeys(text, 1, (seen) => {
    if (seen.depth === 1 && seen.key === key) starts.push(seen.valueAt);
  });
  const [start] = starts;
  // Of two lists, a client may read the other one.
  if (start === undefined || starts.length > 1) throw noList(key);
  return { start, end: valueEnd(text, start) };
}

const noList = (key: string): GatewayError =>
  new GatewayError("protocol_violation", `The server answered without a list of ${key}.`);
