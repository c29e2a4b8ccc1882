import { Router, type Request, type RequestHandler, type Response } from "express";
import { Pieces } from "../../lib/pieces.ts";
import { GatewayError } from "../../protocol/errors.ts";
import { anonymous, type Principal } from "../../protocol/principal.ts";
import { baseUrl } from "../base-url.ts";
import { endWatched } from "../end-watched.ts";
import { readerOf } from "../reader.ts";
import { readOnly } from "../read-only.ts";
import { Caller } from "../rest/caller.ts";
import { Deadline, OVERVIEW } from "../rest/deadline.ts";
import { ToolFinder } from "../rest/find-tool.ts";
import type { DocumentContext } from "./context.ts";
import { DocumentTexts, type TextChoice } from "./document-texts.ts";
import { listAll } from "./documents.ts";
import { DOCUMENT_FILES, type DocumentFile, type DocumentTarget } from "./target.ts";

/** Serves the OpenAPI documents, rendered once for all clients and sent with an ETag because they rarely change. */
export function documentRoutes(context: DocumentContext): Router {
  const texts = new DocumentTexts(context);
  const tools = new ToolFinder(context);
  const router = Router({ caseSensitive: true, strict: true });
  const readers = new WeakMap<Request, Principal>();
  const checks = [admit(context, readers), readOnly];
  for (const [name, file] of DOCUMENT_FILES) {
    router.all(
      [`/${name}`, `/api/${name}`, `/api/:server/${name}`],
      checks,
      async (request: Request, response: Response) => {
        const principal = readers.get(request) ?? anonymous;
        await serveDocument(request, response, targetOf(request, file), { ...context, texts, tools, principal });
      },
    );
  }
  return router;
}

/** Comes first, so that callers cannot find out about servers that they may not use. */
function admit(context: DocumentContext, readers: WeakMap<Request, Principal>): RequestHandler {
  return async (request, _response, next) => {
    const principal = await readerOf(request, context);
    const { server } = request.params;
    if (typeof server === "string") context.visibility.checkServer(principal, server);
    readers.set(request, principal);
    next();
  };
}

interface RouteContext extends DocumentContext {
  readonly texts: DocumentTexts;
  readonly tools: ToolFinder;
  readonly principal: Principal;
}

async function serveDocument(
  request: Request,
  response: Response,
  target: DocumentTarget,
  context: RouteContext,
): Promise<void> {
  const choice = choiceOf(request, target);
  const { principal } = context;
  const servers = target.server === undefined ? context.visibility.singleServers(principal) : [target.server];
  const caller = new Caller(new Deadline(OVERVIEW), response, false);
  const { lists, failed } = await listAll(servers, (server) => context.tools.list({ principal, server }, caller));
  if (failed.length > 0) response.set("X-MCP-Unavailable", failed.map(({ server }) => server).join(", "));
  const { tag, parts } = context.texts.take(target, choice, lists, baseUrl(request, context));
  response.set("ETag", tag).set("Cache-Control", "no-cache").set("Vary", "Authorization, X-API-Key, Api-Key, Origin");
  if (request.fresh) return void response.status(304).end();
  const body = new Pieces(parts);
  response.set("Content-Type", `application/${target.format}; charset=utf-8`).set("Content-Length", `${body.length}`);
  if (request.method === "HEAD") return void response.end();
  endWatched(response, body, context.streams.limits.stallMs);
}

function targetOf({ params, path }: Request, file: DocumentFile): DocumentTarget {
  const { server } = params;
  if (typeof server === "string") return { ...file, server, layout: "server", folder: `/api/${server}` };
  const isBelowApi = path.startsWith("/api/");
  return { ...file, server: undefined, layout: isBelowApi ? "api" : "root", folder: isBelowApi ? "/api" : "" };
}

function choiceOf(request: Request, { profile, layout }: DocumentTarget): TextChoice {
  const query = new URLSearchParams(request.url.split("?")[1] ?? "");
  const tools = query.getAll("tools").flatMap((patterns) => patterns.split(","));
  return {
    layout,
    profile: profile ?? oneOf("profile", query.get("profile"), ["full", "gpt", "openwebui"]),
    version: oneOf("version", query.get("version"), ["3.1", "3.0"]),
    accept: oneOf("accept", query.get("accept"), ["json", "all"]),
    ...(tools.length > 0 && { tools }),
  };
}

function oneOf<const T extends string>(name: string, value: string | null, options: readonly [T, ...T[]]): T {
  if (value === null) return options[0];
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  throw new GatewayError("invalid_request", `?${name}= must be one of ${options.join(", ")}.`);
}
