// A part of a JSON text as it was written: parsing it and writing it again would round long numbers.

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{[\]}:,]|[^\s"{}[\]:,]+/gs;

/**
 * The text of the value at a path of member names; undefined when it is not there. Of a repeated name the last counts, as in `JSON.parse`.
 * @param {string} text valid JSON
 * @param {readonly string[]} path
 * @returns {string | undefined}
 */
export function rawValue(text, path) {
  const [name, ...rest] = path;
  if (name === undefined) return text.trim();
  const value = members(text).get(name);
  return value === undefined ? undefined : rawValue(value, rest);
}

/** @param {string} text */
function members(text) {
  /** @type {Map<string, string>} */
  const found = new Map();
  if (!/^\s*\{/.test(text)) return found;
  let depth = 0;
  let name = "";
  let start = -1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const isEnd = depth === 1 && (token === "," || token === "}");
    if (isEnd && start >= 0) found.set(name, text.slice(start, index).trim());
    if (isEnd) start = -1;
    if (depth === 1 && start < 0 && token.startsWith('"')) name = String(JSON.parse(token));
    if (depth === 1 && token === ":") start = index + 1;
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
  }
  return found;
}
