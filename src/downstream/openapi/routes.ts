import type { NextFunction, Request, RequestHandler, Response } from "express";
import { Pieces } from "../../lib/pieces.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { ToolCatalog } from "../../protocol/tool.ts";
import type { DownstreamContext } from "../context.ts";
import { credentialsOf } from "../credentials.ts";
import { publicPrefix } from "../public-path.ts";
import { endWatched } from "../end-watched.ts";
import { DocumentTexts, type TextChoice } from "./document-texts.ts";
import { listAll, type DocumentSettings } from "./documents.ts";
import { documentTarget, type DocumentTarget } from "./target.ts";

export interface DocumentContext extends DownstreamContext {
  readonly catalog: ToolCatalog;
  readonly serverNames: readonly string[];
  readonly documents: DocumentSettings;
  readonly documentsArePublic: boolean;
  readonly publicUrl: string | undefined;
  readonly toYaml: (value: unknown) => string;
}

/** The OpenAPI documents, made from the tools at hand once for all readers; with an ETag, as they rarely change. */
export function documentRoutes(context: DocumentContext): RequestHandler {
  const texts = new DocumentTexts(context);

  return async (request: Request, response: Response, next: NextFunction) => {
    const target = request.path.includes("/openapi") ? documentTarget(request.path) : undefined;
    if (target === undefined) return next();
    if (!context.documentsArePublic) await context.gate.admit(credentialsOf(request));
    if (target.server !== undefined && !context.hasServer(target.server)) {
      throw new GatewayError("server_not_found", "No such server.");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new GatewayError("method_not_allowed", `${request.method} is not allowed here.`, { allow: "GET" });
    }
    const choice = choiceOf(request, target);
    const servers = target.server === undefined ? context.serverNames : [target.server];
    const { lists, failed } = await listAll(context.catalog, servers);
    if (failed.length > 0) response.set("X-MCP-Unavailable", failed.map(({ server }) => server).join(", "));
    const { tag, parts } = texts.take(target, choice, lists, baseUrl(request, context));
    response.set("ETag", tag).set("Cache-Control", "no-cache").set("Vary", "Authorization, Origin");
    if (request.fresh) return void response.status(304).end();
    const body = new Pieces(parts);
    response.set("Content-Type", `application/${target.format}; charset=utf-8`).set("Content-Length", `${body.length}`);
    if (request.method === "HEAD") return void response.end();
    endWatched(response, body, context.streams.limits.stallMs);
  };
}

function choiceOf(request: Request, { profile, layout }: DocumentTarget): TextChoice {
  const query = new URLSearchParams(request.url.split("?")[1] ?? "");
  const tools = query.getAll("tools").flatMap((patterns) => patterns.split(","));
  return {
    layout,
    profile: profile ?? oneOf("profile", query.get("profile"), ["full", "gpt", "openwebui"]),
    version: oneOf("version", query.get("version"), ["3.1", "3.0"]),
    ...(tools.length > 0 && { tools }),
  };
}

function oneOf<const T extends string>(name: string, value: string | null, options: readonly [T, ...T[]]): T {
  if (value === null) return options[0];
  const found = options.find((option) => option === value);
  if (found !== undefined) return found;
  throw new GatewayError("invalid_request", `?${name}= must be one of ${options.join(", ")}.`);
}

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** Where the reader found us: `publicUrl`, else the Host it used, which is also where it will send its calls. */
export function baseUrl(request: Request, { publicUrl, publicPath }: DocumentContext): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, "");
  const { host } = request.headers;
  const name = host !== undefined && HOST.test(host) ? host : "localhost";
  return `http://${name}${publicPrefix(request, publicPath)}`;
}
