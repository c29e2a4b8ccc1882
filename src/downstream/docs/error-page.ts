import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayError } from "../../protocol/errors.ts";
import { baseUrl } from "../base-url.ts";
import type { DocumentContext } from "../openapi/context.ts";
import type { ErrorWriter } from "../refusals.ts";
import { requestIdOf } from "../request-id.ts";
import { askedPath, mcpTarget } from "../target.ts";
import { signInPage } from "./credential-form.ts";
import { rootOf, sendPage } from "./frame.ts";
import { html, type Html } from "./html.ts";
import { sectionId } from "./server-section.ts";
import { titleOf } from "../problem-title.ts";
import { snippetBoxes } from "./snippet-boxes.ts";
import { credentialFor } from "./snippets/credential.ts";
import { snippetsFor } from "./snippets/snippets.ts";

type PageContext = Pick<
  DocumentContext,
  "documents" | "documentsArePublic" | "visibility" | "publicUrl" | "publicPath"
>;

/** Errors for people with a browser, on every route. */
export function pageErrorWriter(context: PageContext): ErrorWriter {
  const { documents } = context;
  return (error, request, response) => {
    const root = rootOf(request);
    const body = pageFor(error, request, response, { ...context, root });
    sendPage(response, error.status, { title: `${titleOf(error.reason)} · ${documents.info.title}`, body, root });
  };
}

interface ErrorPlace extends PageContext {
  readonly root: string;
}

function pageFor(error: GatewayError, request: IncomingMessage, response: ServerResponse, place: ErrorPlace): Html {
  if (error.reason === "unauthorized") return signInPage(place.documents.security, error.message);
  const server = serverAt(error, request, place);
  if (server !== undefined) return connectPage(server, request, place);
  return errorPage(error, requestIdOf(response), place.root);
}

/** The server at whose URL a browser was refused only because it is none of its clients. Only admitted callers learn it. */
function serverAt({ reason }: GatewayError, request: IncomingMessage, { visibility }: ErrorPlace): string | undefined {
  if (request.method !== "GET" || (reason !== "not_acceptable" && reason !== "method_not_allowed")) return undefined;
  const server = mcpTarget(askedPath(request))?.server;
  return server !== undefined && visibility.exists(server) ? server : undefined;
}

function connectPage(server: string, request: IncomingMessage, place: ErrorPlace): Html {
  const { documents, documentsArePublic, root } = place;
  const reached = baseUrl(request, place);
  const base = URL.canParse(reached) ? reached : "http://localhost";
  const credential = credentialFor(documents.security);
  const snippets = snippetsFor({ server, baseUrl: base, credential, documentsArePublic, example: undefined });
  return html`<main class="narrow">
    <h1>${server}</h1>
    <p class="text">This is the address of an MCP server. MCP clients connect to it; a browser cannot.</p>
    <p class="url"><code>${base}/${server}</code></p>
    <p><a class="button" href="${root}docs#${sectionId(server)}">See and try its tools</a></p>
    <h2>Connect a client</h2>
    ${snippetBoxes(snippets)}
    <p class="hint">
      Programs without MCP call its tools over REST: <a href="${root}api/${server}">/api/${server}</a>.
    </p>
  </main>`;
}

function errorPage({ status, message, reason }: GatewayError, requestId: string, root: string): Html {
  return html`<main class="narrow">
    <h1>${titleOf(reason)} <span class="hint">${status}</span></h1>
    <p class="text">${message}</p>
    <ul class="links">
      <li><a href="${root}problems/${reason}">What this means and what to do</a></li>
      <li><a href="${root}docs">All servers and tools</a></li>
    </ul>
    <p class="hint">Request <code>${requestId}</code>: the log of the gateway has it under this id.</p>
  </main>`;
}
