import type { IncomingMessage } from "node:http";
import { baseUrl, type PublicAddress } from "./base-url.ts";
import { RESERVED_NAMES } from "./config.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import type { PublicPath } from "./public-path.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { sendJson } from "./send-json.ts";
import { askedPath, mcpTarget, pathOf, ROOT_PATHS } from "./target.ts";

/** What clients are told about tokens. */
export interface TokenOffer {
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
}

interface MetadataContext extends PublicAddress {
  readonly tokens: TokenOffer | undefined;
  readonly documents: { readonly info: { readonly title: string } };
}

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/**
 * Protected resource metadata (RFC 9728 §3): where a client gets a token for the URL behind the well-known path. The `resource` is
 * exactly the URL that the client was given, else it has to refuse the document (§3.3).
 */
export function resourceMetadata(context: MetadataContext): Route<string> {
  const { tokens, publicPath, documents } = context;
  return {
    match: ({ url = "" }) => {
      if (tokens === undefined || !url.startsWith(WELL_KNOWN)) return undefined;
      const path = withoutPrefix(pathOf(url).slice(WELL_KNOWN.length), publicPath);
      return path === "" || resourcePath(path) !== "" ? path : undefined;
    },
    serve: (request, response, path) => {
      const { method } = request;
      if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, "GET, HEAD");
      const { authorizationServers = [], scopes = [] } = tokens ?? {};
      sendJson(response, {
        resource: baseUrl(request, context) + path,
        authorization_servers: authorizationServers,
        bearer_methods_supported: ["header"],
        ...(scopes.length > 0 && { scopes_supported: scopes }),
        resource_name: documents.info.title,
      });
    },
    errorWriter: () => writeRpcError,
  };
}

/**
 * The URL of the metadata for a refused request, for its challenge. The prefix of `publicUrl` stays in front, because a proxy may
 * pass on nothing else. Undefined when nothing is offered.
 */
export function metadataUrlOf(context: MetadataContext): (request: IncomingMessage) => string | undefined {
  if (context.tokens === undefined) return () => undefined;
  return (request) => baseUrl(request, context) + WELL_KNOWN + resourcePath(askedPath(request));
}

/** The path of an MCP endpoint, whether or not there is such a server; else the gateway as a whole. */
function resourcePath(path: string): string {
  const target = mcpTarget(path);
  if (target === undefined) return "";
  const isServer = !target.server.includes(".") && !RESERVED_NAMES.includes(target.server);
  return isServer || ROOT_PATHS.some((root) => root === target.path) ? target.path : "";
}

/** RFC 9728 §3.1 puts the well-known path before the whole path of the URL, and so before the prefix. */
function withoutPrefix(path: string, publicPath: PublicPath | undefined): string {
  const prefix = publicPath?.prefix ?? "";
  const isBelow = prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`));
  return isBelow ? path.slice(prefix.length) : path;
}
