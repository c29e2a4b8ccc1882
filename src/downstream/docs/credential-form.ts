import type { SecurityScheme } from "../../protocol/security-scheme.ts";
import { html, type Html } from "./html.ts";
import { credentialFor } from "./snippets/credential.ts";
import { headerOption } from "./snippets/snippet.ts";

/**
 * The field whose value `assets/call.js` sends with every call; it is only kept in the page's memory. Undefined when no
 * credentials are needed.
 */
export function credentialField(schemes: readonly SecurityScheme[]): Html | undefined {
  const credential = credentialFor(schemes);
  if (credential === undefined) return undefined;
  const kinds = schemes.map(({ kind }) => kind).join(" ");
  return html`<div class="field">
    <label for="credential">${credential.header} <span class="hint">${expected(schemes)}</span></label>
    <input
      id="credential"
      type="password"
      autocomplete="off"
      spellcheck="false"
      data-header="${credential.header}"
      data-schemes="${kinds}"
      data-curl="${headerOption("-H", credential).trim()}"
    />
  </div>`;
}

/** For visitors without credentials: a browser can only send a bearer token from a script. */
export function signInPage(schemes: readonly SecurityScheme[], message: string): Html {
  const field = credentialField(schemes);
  return html`<main class="narrow">
    <h1>Credentials, please</h1>
    <p class="text" role="note">${message}</p>
    ${
      field !== undefined &&
      html`<form data-sign-in>
          ${field}
          <p class="buttons"><button type="submit">Open</button> <span class="state" role="status"></span></p>
        </form>
        <p class="hint">They stay in this page's memory: loading it again forgets them.</p>`
    }
  </main>`;
}

function expected(schemes: readonly SecurityScheme[]): string {
  const forms = schemes.map(({ kind }) => (kind === "basic" ? "user:password" : kind === "apiKey" ? "key" : "token"));
  return [...new Set(forms)].join(" or ");
}
