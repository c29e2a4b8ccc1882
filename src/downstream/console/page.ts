import { html, type Html } from "../docs/html.ts";

export interface ConsolePlace {
  /** The way from the page to the root of the gateway: `./` or `../`. */
  readonly root: string;
  /** What every POST of the page carries in `X-Console-Token`. */
  readonly token: string;
  readonly version: string;
}

/** The page: its script fills it with what `console-api.ts` describes. */
export function consolePage({ root, token, version }: ConsolePlace): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="console-token" content="${token}" />
        <title>Console · mcp-gateway</title>
        <link rel="icon" href="${ICON}" />
        <link rel="stylesheet" href="${root}console/assets/style.css" />
        <link rel="stylesheet" href="${root}console/assets/overview.css" />
        <link rel="stylesheet" href="${root}console/assets/session.css" />
        <script type="module" src="${root}console/assets/page.js"></script>
      </head>
      <body>
        ${header(version)}
        <noscript><p class="alert">The console needs JavaScript.</p></noscript>
        ${overview()} ${session()}
        <dialog id="ask" aria-labelledby="ask-title" class="small"></dialog>
        <dialog id="tools" aria-labelledby="tools-title"></dialog>
        <div id="notices" role="alert"></div>
        <p id="said" role="status" class="unseen"></p>
      </body>
    </html> `;
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2f6fd6"/>' +
    '<path d="M2.5 9h3l2-5 2 8 1.5-3h2.5" fill="none" stroke="#fff" stroke-width="1.5" stroke-linejoin="round"/></svg>',
)}`;

function header(version: string): Html {
  return html`<header class="top">
    <h1>Console <span class="hint">mcp-gateway ${version}</span></h1>
    <dl class="figures" id="gateway-figures" aria-label="The gateway"></dl>
    <p id="connection" role="status" data-state="connecting">connecting</p>
  </header>`;
}

function overview(): Html {
  return html`<main id="overview" aria-busy="true">
    <section aria-labelledby="servers-title">
      <h2 id="servers-title">Servers</h2>
      <div id="servers" class="cards"></div>
    </section>
    <section aria-labelledby="sessions-title">
      <div class="bar">
        <h2 id="sessions-title">Sessions <span id="session-count" class="hint"></span></h2>
        <label class="unseen" for="session-search">Find sessions</label>
        <input
          id="session-search"
          type="search"
          placeholder="Find: who, server, transport …"
          autocomplete="off"
          spellcheck="false"
          aria-keyshortcuts="/"
        />
        <label class="narrow-only" for="session-order">Order</label>
        <select id="session-order" class="narrow-only"></select>
      </div>
      <table id="sessions" aria-labelledby="sessions-title">
        <thead></thead>
        <tbody></tbody>
      </table>
      <p id="session-note" class="hint"></p>
      <details id="ended" hidden>
        <summary>Ended a short while ago <span class="hint"></span></summary>
        <ul></ul>
      </details>
    </section>
    <section aria-labelledby="hour-title">
      <h2 id="hour-title">The last hour</h2>
      <div id="legend" role="group" aria-label="Servers in the plots"></div>
      <div id="charts"></div>
    </section>
  </main>`;
}

function session(): Html {
  return html`<main id="session" hidden>
    <div class="about">
      <a href="#" class="back">All sessions</a>
      <h2 id="session-title" tabindex="-1"></h2>
      <dl class="figures" id="session-figures" aria-label="This session"></dl>
      <button type="button" id="end" class="danger">End session</button>
    </div>
    <div id="split">
      <section id="messages" aria-label="Messages">
        <div class="bar" role="search">
          <label class="unseen" for="message-search">Find messages</label>
          <input
            id="message-search"
            type="search"
            placeholder="Find: method, tool, id …"
            autocomplete="off"
            spellcheck="false"
            aria-keyshortcuts="/"
          />
          <button type="button" id="pause" aria-pressed="false">Pause</button>
          <label class="unseen" for="message-method">Method</label>
          <select id="message-method"></select>
          <label class="unseen" for="message-from">Direction</label>
          <select id="message-from">
            <option value="">both directions</option>
            <option value="client">→ from the client</option>
            <option value="server">← from the server</option>
          </select>
        </div>
        <div class="row head" aria-hidden="true">
          <span></span><span>time</span><span>message</span><span class="number">id</span
          ><span class="number">size</span><span class="number">time taken</span>
        </div>
        <div id="scroller" role="grid" aria-label="Messages, the latest last" aria-readonly="true" tabindex="0"></div>
        <div class="foot">
          <p id="log-note" class="hint" role="status"></p>
          <button type="button" id="latest" class="quiet" hidden>To the latest</button>
        </div>
      </section>
      <section id="pane" aria-labelledby="pane-title" hidden></section>
    </div>
  </main>`;
}
