import type { SecurityScheme } from "../protocol/security-scheme.ts";
import type { TokenOffer } from "./resource-metadata.ts";
import type { Route } from "./route.ts";
import { writeRpcError } from "./rpc-error.ts";
import { sendJson } from "./send-json.ts";
import { pathOf } from "./target.ts";

/** Where MCP clients look for an authorization server when they are refused (MCP 2025-03-26 and later, authorization). */
export const OAUTH_ENDPOINTS: readonly string[] = ["/register", "/token", "/authorize"];
/** RFC 8414 §3.1 puts the path of the resource behind it, OpenID Connect Discovery §4.1 before it. */
const METADATA = /\/\.well-known\/(?:oauth-[^/]*|openid-configuration)(?:\/|$)/;

/**
 * No authorization server is here. A client that was refused looks for it, though, and shows its user what it is told there: so the answer is
 * an OAuth error (RFC 6749 §5.2, RFC 7591 §3.2.2) that says which credentials are missing.
 */
export function oauthProbes(security: readonly SecurityScheme[], tokens: TokenOffer | undefined): Route<true> {
  const text = tokens === undefined ? explanation(security) : referral(tokens);
  const body = { error: "invalid_request", error_description: text };
  return {
    match: ({ url = "" }) => (isProbe(pathOf(url)) ? true : undefined),
    serve: (_request, response) => sendJson(response, body, { status: 404 }),
    errorWriter: () => writeRpcError,
  };
}

const isProbe = (path: string): boolean =>
  OAUTH_ENDPOINTS.includes(path) || (path.includes("/.well-known/") && METADATA.test(path));

/** One sentence, without the characters that an `error_description` must not have: `"` and `\` (RFC 6749 §5.2). */
function explanation(security: readonly SecurityScheme[]): string {
  if (security.length === 0) return "This gateway has no OAuth and needs no authorization: call it without any.";
  const headers = security.map(headerOf).join(" or ");
  return `This gateway has no OAuth; the Authorization header was missing or not accepted; send ${headers}.`;
}

/** The URLs of issuers have none of these characters: `new URL` encodes them. */
function referral({ authorizationServers }: TokenOffer): string {
  const servers = authorizationServers.map((url) => new URL(url).href).join(" or ");
  return `This gateway issues no tokens; get one from ${servers}; /.well-known/oauth-protected-resource says so to programs.`;
}

function headerOf(scheme: SecurityScheme): string {
  switch (scheme.kind) {
    case "basic":
      return "Authorization: Basic <base64 of user:password>";
    case "apiKey":
      return `${scheme.header}: <key>`;
    default:
      return "Authorization: Bearer <token>";
  }
}
