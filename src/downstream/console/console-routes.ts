import { Router, type Request, type RequestHandler, type Response } from "express";
import type { Principal } from "../../protocol/principal.ts";
import { rootOf, sendHtml } from "../docs/frame.ts";
import { methodNotAllowed } from "../method-not-allowed.ts";
import type { DocumentContext } from "../openapi/context.ts";
import { pageAssets } from "../page-assets.ts";
import { readOnly } from "../read-only.ts";
import { sendJson } from "../send-json.ts";
import { callAgain, endSession, listTools, param, stopServer, type Action } from "./actions.ts";
import type { Console } from "./console.ts";
import { refuseOtherSites } from "./console-access.ts";
import { consolePage } from "./page.ts";

/** What a GET does, for a caller who may use the console. */
type PageReader = (
  console: Console,
  principal: Principal,
  request: Request,
  response: Response,
) => Promise<void> | void;

/** `/console`, the page on which people see what goes on, and below `/console/api` what that page asks (console-api.ts). */
export function consoleRoutes(context: DocumentContext): Router {
  const router = Router({ caseSensitive: true });
  const { console } = context;

  const get = (path: string, read: PageReader): void => {
    if (console === undefined) return void router.get(path, (_request, _response, next) => next());
    const serve: RequestHandler = async (request, response) => {
      refuseOtherSites(request);
      const principal = await console.access.admit(request);
      // It may have left meanwhile.
      if (!response.destroyed) await read(console, principal, request, response);
    };
    router.route(path).get(serve).all(refuseAllBut("GET, HEAD"));
  };
  const post = (path: string, act: Action): void => {
    if (console === undefined) return void router.post(path, (_request, _response, next) => next());
    const serve: RequestHandler = async (request, response) => {
      refuseOtherSites(request);
      const principal = await console.access.admit(request);
      console.access.checkToken(principal, request);
      await act({ context, console, principal, request, response });
    };
    router.route(path).post(serve).all(refuseAllBut("POST"));
  };

  get("/dashboard", (_console, _principal, _request, response) => showTheWay(response));
  get("/console", showPage);
  get("/console/api/state", async (watched, principal, _request, response) => {
    sendJson(response, await watched.state(principal));
  });
  get("/console/api/history", (watched, principal, _request, response) => {
    sendJson(response, watched.history(principal));
  });
  get("/console/api/events", (watched, principal, request, response) => {
    // A stream without a body would never end.
    if (request.method === "HEAD") throw methodNotAllowed("HEAD", "GET");
    return watched.watch(
      principal,
      new URLSearchParams(request.url.split("?")[1] ?? "").get("session") ?? undefined,
      response,
    );
  });
  get("/console/api/sessions/:key/messages/:n", (watched, principal, request, response) => {
    sendJson(response, watched.text(principal, param(request, "key"), Number(param(request, "n"))));
  });
  post("/console/api/sessions/:key/end", endSession);
  post("/console/api/servers/:name/stop", stopServer);
  post("/console/api/servers/:name/tools", listTools);
  post("/console/api/servers/:name/again", callAgain);
  if (console !== undefined) router.use("/console/assets", readOnly, pageAssets("console/assets"));
  return router;
}

/** Relative, as a proxy may have taken a prefix away. */
function showTheWay(response: Response): void {
  response.set("Cache-Control", "no-store").location("console").status(303).end();
}

function showPage({ access, sources }: Console, principal: Principal, request: Request, response: Response): void {
  const { version } = sources;
  sendHtml(response, 200, consolePage({ root: rootOf(request), token: access.token(principal), version }).toString());
}

function refuseAllBut(allowed: string): RequestHandler {
  return ({ method }) => {
    throw methodNotAllowed(method, allowed);
  };
}
