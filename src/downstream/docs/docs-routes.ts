import { join } from "node:path";
import express, { Router, type Request, type Response } from "express";
import { credentialsOf } from "../credentials.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { baseUrl } from "../openapi/routes.ts";
import { readOnly } from "../read-only.ts";
import { Renderings } from "../renderings.ts";
import { docsPage } from "./docs-page.ts";
import { rootOf, sendPage, setPageHeaders } from "./frame.ts";
import { KEPT_OVERVIEWS, overviewOf, type KeptOverview } from "./overview.ts";

/** `/docs`, the documentation page, and the files it loads: `/docs/style.css`, `/docs/page.js`, … */
export function docsRoutes(context: DocumentContext): Router {
  const kept = new Renderings<KeptOverview>(KEPT_OVERVIEWS);
  const router = Router({ caseSensitive: true });
  router.use("/docs", readOnly);
  router.get("/docs", (request, response) => showDocs(request, response, { ...context, kept }));
  router.use("/docs", assets());
  return router;
}

/** Style sheets and scripts of the pages: the same in every installation, so they need no credentials. */
function assets() {
  return express.static(join(import.meta.dirname, "assets"), {
    index: false,
    redirect: false,
    acceptRanges: false,
    cacheControl: false,
    setHeaders: (response: Response) => {
      setPageHeaders(response);
      response.set("Cache-Control", "no-cache");
    },
  });
}

interface ShownContext extends DocumentContext {
  readonly kept: Renderings<KeptOverview>;
}

async function showDocs(request: Request, response: Response, context: ShownContext): Promise<void> {
  const { documents, documentsArePublic, gate } = context;
  if (!documentsArePublic) await gate.admit(credentialsOf(request));
  const reached = baseUrl(request, context);
  // A syntactically valid Host may still be unusable: its port can be too high.
  const base = URL.canParse(reached) ? reached : "http://localhost";
  const root = rootOf(request);
  const servers = await overviewOf(context, { root, baseUrl: base });
  const body = docsPage(servers, { documents, documentsArePublic, root, baseUrl: base });
  sendPage(response, 200, { title: documents.info.title, body, root });
}
