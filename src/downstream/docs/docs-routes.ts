import type { NextFunction, Request, RequestHandler, Response } from "express";
import { GatewayError, toGatewayError } from "../../protocol/errors.ts";
import { setErrorHeaders } from "../errors.ts";
import { credentialsOf } from "../credentials.ts";
import { baseUrl, type DocumentContext } from "../openapi/routes.ts";
import { Renderings } from "../renderings.ts";
import { requestIdOf } from "../request-id.ts";
import { Assets } from "./assets.ts";
import { signInPage } from "./credential-form.ts";
import { docsPage } from "./docs-page.ts";
import { rootFrom, sendPage, wantsHtml } from "./frame.ts";
import { html } from "./html.ts";
import { KEPT_OVERVIEWS, overviewOf, type KeptOverview } from "./overview.ts";

/** `/docs`, the page for people, and the files that it loads: `/docs/style.css`, `/docs/page.js`, … */
export function docsRoutes(context: DocumentContext): RequestHandler {
  const assets = new Assets();
  const kept = new Renderings<KeptOverview>(KEPT_OVERVIEWS);

  return async (request: Request, response: Response, next: NextFunction) => {
    const [, file] = /^\/docs(?:\/([^/]*))?$/.exec(request.path) ?? [];
    const isPage = request.path === "/docs" || file === "";
    if (!isPage && (file === undefined || !assets.has(file))) return next();
    refuseWrites(request);
    if (file !== undefined && !isPage) return assets.send(request, response, file);
    try {
      await showDocs(request, response, { ...context, kept });
    } catch (thrown) {
      if (!wantsHtml(request)) throw thrown;
      showError(request, response, toGatewayError(thrown), context);
    }
  };
}

export function refuseWrites({ method }: Request): void {
  if (method === "GET" || method === "HEAD") return;
  throw new GatewayError("method_not_allowed", `${method} is not allowed here.`, { allow: "GET" });
}

interface ShownContext extends DocumentContext {
  readonly kept: Renderings<KeptOverview>;
}

async function showDocs(request: Request, response: Response, context: ShownContext): Promise<void> {
  const { documents, documentsArePublic, gate } = context;
  if (!documentsArePublic) await gate.admit(credentialsOf(request));
  const reached = baseUrl(request, context);
  // A Host may look like one and yet be none: its port can be too high.
  const base = URL.canParse(reached) ? reached : "http://localhost";
  const root = rootFrom(request.path);
  const servers = await overviewOf(context, { root, baseUrl: base });
  const body = docsPage(servers, { documents, documentsArePublic, root, baseUrl: base });
  sendPage(response, 200, { title: documents.info.title, body, root });
}

function showError(request: Request, response: Response, error: GatewayError, context: DocumentContext): void {
  const { documents, events } = context;
  const requestId = requestIdOf(response);
  events.emit({ type: "refused", requestId, method: request.method, path: request.path, error });
  setErrorHeaders(response, error);
  const body =
    error.reason === "unauthenticated"
      ? signInPage(documents.security, error.message)
      : html`<main class="narrow">
          <h1>${error.status}</h1>
          <p class="text">${error.message}</p>
        </main>`;
  sendPage(response, error.status, { title: documents.info.title, body, root: rootFrom(request.path) });
}
