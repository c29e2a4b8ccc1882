// Colours in code, drawn over the text by the browser (CSS custom highlights): the document is not changed, so that copying,
// searching and screen readers have the text as it is. A browser without them shows it in one colour.

const MAX_CHARACTERS = 20_000;
const KINDS = ["key", "string", "number", "word", "note"];
const TOKEN =
  /("(?:[^"\\\n]|\\.)*"(?=\s*:)|^[ \t]*(?:- )?[\w.-]+(?=:(?:\s|$)))|("(?:[^"\\\n]|\\.)*"|'[^'\n]*')|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(\b(?:true|false|null)\b|\s-{1,2}[A-Za-z][\w-]*|\$\{?\w+\}?)|((?:^|\s)#[^\n]*)/gm;

/** @type {Map<string, Highlight>} */
const highlights = new Map();
/** @type {WeakMap<Element, Range[]>} */
const coloured = new WeakMap();

const isSupported = typeof Highlight === "function" && CSS.highlights !== undefined;
if (isSupported) {
  for (const kind of KINDS) {
    const highlight = new Highlight();
    highlights.set(kind, highlight);
    CSS.highlights.set(`code-${kind}`, highlight);
  }
}

/**
 * Colours what can be seen of the code in a part of the page, once.
 * @param {ParentNode} place
 */
export function colour(place) {
  if (!isSupported) return;
  for (const code of place.querySelectorAll("pre[data-code]")) {
    // Asking the browser whether each is visible would make it lay out all that is folded away.
    if (!coloured.has(code) && code.closest("details:not([open])") === null) coloured.set(code, ranges(code));
  }
}

/** @param {Element} code */
function ranges(code) {
  const text = code.firstChild;
  if (!(text instanceof Text)) return [];
  const made = [];
  for (const match of text.data.slice(0, MAX_CHARACTERS).matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? "";
    const range = new Range();
    range.setStart(text, match.index);
    range.setEnd(text, match.index + match[0].length);
    highlights.get(kind)?.add(range);
    made.push(range);
  }
  return made;
}

/**
 * Forgets the colours of what is about to leave the page.
 * @param {ParentNode} place
 */
export function uncolour(place) {
  for (const code of place.querySelectorAll("pre[data-code]")) {
    for (const range of coloured.get(code) ?? []) for (const highlight of highlights.values()) highlight.delete(range);
    coloured.delete(code);
  }
}
