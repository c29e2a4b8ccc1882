import { element } from "./elements.js";

const MAX_CHARACTERS = 20_000;
const KINDS = ["string", "number", "word"];
/** A string that does not end counts as one, so that no text makes this look at its characters again and again. */
const TOKEN = /("(?:[^"\\\n]|\\.)*"?)|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|\b(true|false|null)\b/g;

/**
 * The tokens of JSON, as far as it is JSON, and what is between them.
 * @param {string} text
 * @returns {{ kind: string, text: string }[]}
 */
export function jsonTokens(text) {
  if (text.length > MAX_CHARACTERS) return [{ kind: "", text }];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push({ kind: "", text: text.slice(end, match.index) });
    end = match.index + match[0].length;
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    parts.push({ kind: kind === "string" && text.charAt(end) === ":" ? "key" : kind, text: match[0] });
  }
  parts.push({ kind: "", text: text.slice(end) });
  return parts.filter((part) => part.text !== "");
}

/**
 * JSON in colours. A long text has none: each is an element.
 * @param {string} json
 */
export const coloured = (json) =>
  jsonTokens(json).map(({ kind, text }) => (kind === "" ? text : element("span", `json-${kind}`, text)));
