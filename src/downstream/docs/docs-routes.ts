import { Router, type Request, type Response } from "express";
import { prefersHtml } from "../accept.ts";
import { baseUrl } from "../base-url.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { pageAssets } from "../page-assets.ts";
import { readerOf } from "../reader.ts";
import { readOnly } from "../read-only.ts";
import { Renderings } from "../renderings.ts";
import { docsPage } from "./docs-page.ts";
import { rootOf, sendPage } from "./frame.ts";
import { KEPT_OVERVIEWS, overviewOf, type KeptOverview } from "./overview.ts";

/** `/` leads a person to `/docs`, the page for people; and there are the files that it loads: `/docs/style.css`, `/docs/page.js`, … */
export function docsRoutes(context: DocumentContext): Router {
  const kept = new Renderings<KeptOverview>(KEPT_OVERVIEWS);
  const router = Router({ caseSensitive: true });
  router.get("/", (request, response, next) => (prefersHtml(request.headers.accept) ? showTheWay(response) : next()));
  router.use("/docs", readOnly);
  router.get("/docs", (request, response) => showDocs(request, response, { ...context, kept }));
  router.use("/docs", pageAssets("docs/assets"));
  return router;
}

/** Relative, as a proxy may have taken a prefix away. */
function showTheWay(response: Response): void {
  response.set("Cache-Control", "no-store").vary("Accept").location("docs").status(303).end();
}

interface ShownContext extends DocumentContext {
  readonly kept: Renderings<KeptOverview>;
}

async function showDocs(request: Request, response: Response, context: ShownContext): Promise<void> {
  const { documents, documentsArePublic } = context;
  const principal = await readerOf(request, context);
  const reached = baseUrl(request, context);
  // A Host may look like one and yet be none: its port can be too high.
  const base = URL.canParse(reached) ? reached : "http://localhost";
  const root = rootOf(request);
  const only = new URLSearchParams(request.url.split("?")[1] ?? "").get("server") ?? undefined;
  const servers = await overviewOf({ ...context, principal }, { root, baseUrl: base, only });
  const body = docsPage(servers, { documents, documentsArePublic, root, baseUrl: base });
  sendPage(response, 200, { title: documents.info.title, body, root });
}
