import { member } from "../../lib/json.ts";
import { fetchJson, HttpError } from "./fetch-json.ts";

/**
 * The URL of an issuer's keys, from its discovery document: OpenID Connect Discovery §4, else RFC 8414 §3. Both demand that the
 * document names the very issuer that was asked for.
 */
export async function discoverKeys(issuer: string, timeoutMs: number): Promise<string> {
  const document = await firstDocument(issuer, timeoutMs);
  if (member(document, "issuer") !== issuer) {
    throw new Error(`the discovery document of ${issuer} names another issuer: spell it as its tokens do`);
  }
  const uri = member(document, "jwks_uri");
  if (typeof uri !== "string") throw new Error(`the discovery document of ${issuer} has no jwks_uri`);
  return uri;
}

export function openIdUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

async function firstDocument(issuer: string, timeoutMs: number): Promise<unknown> {
  try {
    return await fetchJson(openIdUrl(issuer), timeoutMs);
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 404) throw error;
    const { origin, pathname } = new URL(issuer);
    return fetchJson(`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, "")}`, timeoutMs);
  }
}
