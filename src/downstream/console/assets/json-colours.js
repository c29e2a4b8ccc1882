import { element } from "./elements.js";

const MAX_CHARACTERS = 20_000;
const KINDS = ["key", "string", "number", "word"];
const TOKEN =
  /("(?:[^"\\\n]|\\.)*"(?=\s*:))|("(?:[^"\\\n]|\\.)*")|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|\b(true|false|null)\b/g;

/**
 * JSON in colours, as far as it is JSON. A long text has none: each is an element.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function coloured(text) {
  if (text.length > MAX_CHARACTERS) return [text];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    parts.push(text.slice(end, match.index), element("span", `json-${kind}`, match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}
