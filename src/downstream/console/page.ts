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
        <meta name="console-root" content="${root}" />
        <meta name="console-token" content="${token}" />
        <title>Console · mcp-gateway</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${root}console/assets/style.css" />
        <script type="module" src="${root}console/assets/page.js"></script>
      </head>
      <body>
        <main>
          <h1>Console <span class="hint">${version}</span></h1>
          <noscript><p class="alert">The console needs JavaScript.</p></noscript>
        </main>
      </body>
    </html> `;
}
