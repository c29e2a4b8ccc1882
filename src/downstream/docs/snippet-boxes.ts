import { html, type Html } from "./html.ts";
import type { Snippet } from "./snippets/snippet.ts";

/** How clients are connected, one below the other. */
export const snippetBoxes = (snippets: readonly Snippet[]): readonly Html[] => snippets.map(snippetBox);

function snippetBox({ client, where, text, link, notes }: Snippet): Html {
  return html`<details class="snippet">
    <summary>${client} <span class="hint">${where}</span></summary>
    <div class="copyable">
      <button type="button" class="quiet" data-copy aria-label="${`Copy the snippet for ${client}`}">Copy</button>
      <pre tabindex="0" aria-label="${`The snippet for ${client}`}" data-code>${text}</pre>
    </div>
    ${link !== undefined && html`<p><a class="button" href="${link.href}">${link.label}</a></p>`}
    ${notes.map((note) => html`<p class="hint">${note}</p>`)}
  </details>`;
}
