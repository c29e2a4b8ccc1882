// Parses a page strictly: every tag and attribute that our templates do not use is an error.

const TAGS = new Set(
  (
    "html head meta title link script body a header nav main section h1 h2 h3 h4 p span code ul li label input textarea " +
    "select option button form div details summary pre table caption thead tbody tr th td noscript strong em s br hr ol blockquote figure figcaption"
  ).split(" "),
);

const ATTRIBUTES = new Set(
  (
    "lang charset name content rel href type src class id aria-labelledby aria-label role tabindex for autocomplete " +
    "spellcheck placeholder rows step value hidden scope data-call data-argument data-arguments data-kind data-required " +
    "data-cancel data-copy data-filter data-header data-schemes data-root data-end-session data-sign-in data-code " +
    "data-curl data-document data-example data-starting start target"
  ).split(" "),
);

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/g;
const ATTRIBUTE = /\s+([a-z-]+)(?:="([^"]*)")?/g;

export interface Markup {
  readonly faults: readonly string[];
  readonly ids: readonly string[];
  readonly links: readonly string[];
  /** The visible text, unescaped. */
  readonly text: string;
}

export function readMarkup(page: string): Markup {
  const faults: string[] = [];
  const ids: string[] = [];
  const links: string[] = [];
  const text = page.replace("<!doctype html>", "").replaceAll(TAG, (_tag, _end, name: string, attributes: string) => {
    if (!TAGS.has(name)) faults.push(`<${name}>`);
    for (const [, attribute = "", value = ""] of attributes.matchAll(ATTRIBUTE)) {
      if (!ATTRIBUTES.has(attribute)) faults.push(`<${name} ${attribute}>`);
      if (attribute === "id") ids.push(value);
      if (attribute === "href" || attribute === "src" || attribute === "data-call") links.push(unescaped(value));
    }
    return " ";
  });
  for (const [stray] of text.matchAll(/.{0,40}[<>].{0,40}/g)) faults.push(`stray: ${stray}`);
  return { faults, ids, links, text: unescaped(text) };
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&#96;", "`")
    .replaceAll("&amp;", "&");
}
