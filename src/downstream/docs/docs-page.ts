import type { DocumentContext } from "../openapi/context.ts";
import { credentialField } from "./credential-form.ts";
import { html, type Html } from "./html.ts";
import { navigation } from "./navigation.ts";
import type { ServerOverview } from "./overview.ts";
import { documentLinks, serverSection } from "./server-section.ts";
import { credentialFor } from "./snippets/credential.ts";

export interface DocsPlace extends Pick<DocumentContext, "documents" | "documentsArePublic"> {
  readonly root: string;
  readonly baseUrl: string;
}

/** The page for people: every server, its tools, a form for each, and how clients connect. */
export function docsPage(servers: readonly ServerOverview[], place: DocsPlace): Html {
  const { documents, documentsArePublic, root, baseUrl } = place;
  const context = { root, baseUrl, documentsArePublic, credential: credentialFor(documents.security) };
  return html`<a class="skip" href="#servers">Skip to the servers</a>
    ${header(place)}
    <div class="columns">
      ${navigation(servers)}
      <main id="servers" tabindex="-1">
        ${calling(place)} ${servers.map((server, index) => serverSection(server, context, index))}
      </main>
    </div>`;
}

function header({ documents, baseUrl, root }: DocsPlace): Html {
  const { title, version, description } = documents.info;
  return html`<header>
    <h1>${title} <span class="hint">${version}</span></h1>
    ${description !== undefined && html`<p class="text">${description}</p>`}
    <p class="url"><code>${baseUrl}</code></p>
    <p class="hint">
      All servers at one URL: <code>${baseUrl}/mcp</code> (Streamable HTTP), <code>${baseUrl}/sse</code> (HTTP+SSE)
    </p>
    ${documentLinks(root)}
  </header>`;
}

/** What every call from this page is sent with. */
function calling({ documents, root }: DocsPlace): Html {
  return html`<section class="calling" aria-labelledby="calling-title" id="calling" data-root="${root}">
    <h2 id="calling-title">Calls from this page</h2>
    <div class="fields">
      ${credentialField(documents.security)}
      <div class="field">
        <label for="session">Session <span class="hint">the first call asks for one</span></label>
        <div class="row">
          <input id="session" type="text" autocomplete="off" spellcheck="false" />
          <button type="button" class="quiet" data-end-session>End session</button>
        </div>
      </div>
    </div>
    <p class="hint">
      Calls in one session go to the same process of a server; leaving the page ends a session that it asked for.
      ${documents.security.length > 0 && "Credentials stay in the page's memory."}
    </p>
    <noscript><p class="alert">Calling tools and copying need JavaScript; everything else works without.</p></noscript>
  </section>`;
}
