// Text that somebody else wrote: what cannot be seen in it is made visible, and it is cut when it is long.

/** Longer texts make a browser slow. */
const MAX_CHARACTERS = 200_000;
const MAX_IN_LINE = 200;

/**
 * Control characters, marks that turn the direction of writing or take no room, separators of lines, half pairs, and the tags and
 * variation selectors that hide a text within a text (Unicode Technical Report 36, 3.5).
 */
const HIDDEN =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Surrogate}]/gu;

const SIGNS = new Map([
  ["\n", "↵"],
  ["\t", "⇥"],
]);

/**
 * For one line of the page: a name, a method.
 * @param {string} text
 * @param {number} [max]
 */
export const visibleLine = (text, max = MAX_IN_LINE) => cut(text, max).replaceAll(HIDDEN, shown);

/**
 * A text of several lines.
 * @param {string} text
 * @param {number} [max]
 */
export const visibleText = (text, max = MAX_CHARACTERS) =>
  cut(text, max)
    .replaceAll("\r\n", "\n")
    .replaceAll(HIDDEN, (character) => (/[\n\t]/.test(character) ? character : shown(character)));

/**
 * The same JSON, in which what cannot be seen is written as escapes: it can be edited.
 * @param {string} json
 */
export const visibleJson = (json) =>
  json.replaceAll(HIDDEN, (character) => (/[\n\r\t]/.test(character) ? character : escapes(character)));

/** @param {string} character */
const escapes = (character) =>
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");

/**
 * @param {string} text
 * @param {number} max
 */
function cut(text, max) {
  if (text.length <= max) return text;
  // Not in the middle of a pair.
  const end = /[\ud800-\udbff]/.test(text.charAt(max - 1)) ? max - 1 : max;
  return `${text.slice(0, end)}… (cut: ${text.length.toLocaleString("en")} characters in all)`;
}

/** Fonts lack the pictures that Unicode has for control characters. @param {string} character */
function shown(character) {
  const code = character.codePointAt(0) ?? 0;
  return SIGNS.get(character) ?? `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
