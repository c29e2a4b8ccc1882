import MarkdownIt from "markdown-it";
import type { Charge } from "../../openapi/limits.ts";
import { html, type Html } from "./html.ts";

/**
 * Untrusted Markdown. The library only parses it: our own templates write what the page contains, so all text is escaped,
 * HTML in it is text, and there are no tags but those below. Left out are images (they would be loaded from elsewhere), tables and
 * indented code: Python docstrings indent, and nobody means code by it.
 */
const reader = new MarkdownIt({ html: false, linkify: false, typographer: false, maxNesting: 20 }).disable([
  "code",
  "image",
  "reference",
  "table",
]);

type Token = ReturnType<typeof reader.parse>[number];

/** What makes reading take long, some of it with its square. */
const MARKS = /[*_~`[\]<>&\\#\n]/g;
const MARKS_PER_TEXT = 600;

/** As Markdown where it holds any and `charge` allows it, else as it is. */
export function markdown(text: string, charge: Charge): Html {
  const marks = text.match(MARKS)?.length ?? 0;
  const isPlain = marks === 0 || marks > MARKS_PER_TEXT || !charge(marks);
  if (isPlain) return html`<p class="text">${text}</p>`;
  return html`<div class="text md">${writeAll(reader.parse(text, {}))}</div>`;
}

/** As many marks as the texts of one server may hold together. */
export const MARKS_PER_SERVER = 100_000;

function writeAll(tokens: readonly Token[]): readonly Html[] {
  const written: Html[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined || token.nesting === -1) continue;
    if (token.nesting === 0) {
      written.push(leaf(token));
      continue;
    }
    const end = endOf(tokens, at);
    written.push(around(token, writeAll(tokens.slice(at + 1, end))));
    at = end;
  }
  return written;
}

/** Where the element that begins at `start` ends. */
function endOf(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    depth += tokens[at]?.nesting ?? 0;
    if (depth === 0) return at;
  }
  return tokens.length;
}

function leaf({ type, content, children }: Token): Html {
  switch (type) {
    case "inline":
      return html`${writeAll(children ?? [])}`;
    case "code_inline":
      return html`<code>${content}</code>`;
    case "fence":
      return html`<pre tabindex="0">${content.trimEnd()}</pre>`;
    case "softbreak":
    case "hardbreak":
      return html`<br />`;
    case "hr":
      return html`<hr />`;
    default:
      return html`${content}`;
  }
}

function around(token: Token, inside: readonly Html[]): Html {
  switch (token.type) {
    case "paragraph_open":
      // The paragraphs of a tight list are none.
      return token.hidden ? html`${inside}` : html`<p>${inside}</p>`;
    // Headings of a description would disturb the order of the page's own.
    case "heading_open":
      return html`<p class="title">${inside}</p>`;
    case "bullet_list_open":
      return html`<ul>
        ${inside}
      </ul>`;
    case "ordered_list_open":
      return html`<ol start="${String(token.attrGet("start") ?? 1)}">
        ${inside}
      </ol>`;
    case "list_item_open":
      return html`<li>${inside}</li>`;
    case "blockquote_open":
      return html`<blockquote>${inside}</blockquote>`;
    case "strong_open":
      return html`<strong>${inside}</strong>`;
    case "em_open":
      return html`<em>${inside}</em>`;
    case "s_open":
      return html`<s>${inside}</s>`;
    case "link_open":
      return link(token.attrGet("href"), inside);
    default:
      return html`${inside}`;
  }
}

/** In a tab of its own, which knows nothing of ours: credentials are in the memory of this page. */
function link(target: string | number | null, inside: readonly Html[]): Html {
  const href = String(target);
  const isWeb = URL.canParse(href) && /^https?:$/.test(new URL(href).protocol);
  if (!isWeb) return html`${inside}`;
  return html`<a href="${href}" target="_blank" rel="noopener noreferrer nofollow">${inside}</a>`;
}
