// Text that somebody else wrote: what cannot be seen in it is made visible, and it is cut when it is long.

/** Longer texts make a browser slow. */
const MAX_CHARACTERS = 200_000;
const MAX_IN_LINE = 200;

/** C0 controls and DEL, for which there are pictures (U+2400 …). */
const PICTURED = /[\u0000-\u001f\u007f]/g;
const PICTURED_BUT_LINES = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/**
 * C1 controls, marks that turn the direction of writing or take no room, separators of lines, half pairs, and the tags and
 * variation selectors that hide a text within a text (Unicode Technical Report 36, 3.5).
 */
const HIDDEN =
  /[\u0080-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\p{Surrogate}]/gu;

/**
 * For one line of the page: a name, a method.
 * @param {string} text
 * @param {number} [max]
 */
export const visibleLine = (text, max = MAX_IN_LINE) => visibleWith(text, PICTURED, max);

/**
 * A text of several lines.
 * @param {string} text
 * @param {number} [max]
 */
export const visibleText = (text, max = MAX_CHARACTERS) =>
  visibleWith(text.replaceAll("\r\n", "\n"), PICTURED_BUT_LINES, max);

/**
 * @param {string} text
 * @param {RegExp} pictured
 * @param {number} max
 */
function visibleWith(text, pictured, max) {
  return cut(text, max).replaceAll(pictured, picture).replaceAll(HIDDEN, codePoint);
}

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

/** @param {string} character */
function picture(character) {
  const code = character.charCodeAt(0);
  return code === 0x7f ? "␡" : String.fromCharCode(0x2400 + code);
}

/** @param {string} character */
const codePoint = (character) =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
