import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type { OAuthProtectedResourceMetadata, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import type { AuthConfig } from "./auth-config.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import type { Network } from "./network.ts";

/** What a server's refusal says of the tokens that it wants. */
export interface Challenge {
  readonly metadataUrl: string | undefined;
  readonly scope: string | undefined;
}

export interface Token {
  readonly value: string;
  /** Monotonic (`performance.now()`). */
  readonly expiresAt: number;
}

export type OAuthConfig = Extract<AuthConfig, { type: "oauth" }>;

/** Of a token without `expires_in`. */
const ASSUMED_SECONDS = 3_600;

/**
 * Gets tokens for one server: finds its authorization server (RFC 9728, RFC 8414) and asks for a token for this server only
 * (RFC 8707), with the gateway's own client credentials or a refresh token. The client's secret goes to the authorization server of
 * the config, or to one at the origin of the server itself; a server cannot have it sent anywhere else.
 */
export class OAuthFlow {
  readonly #url: URL;
  readonly #config: OAuthConfig;
  readonly #network: Network;
  /** Servers may replace it with every use (RFC 6749 §6). */
  #refreshToken: string | undefined;

  constructor(url: URL, config: OAuthConfig, network: Network) {
    this.#url = url;
    this.#config = config;
    this.#network = network;
    this.#refreshToken = config.refreshToken;
  }

  async obtain(challenge: Challenge): Promise<Token> {
    // Loaded with the first server that wants a token.
    const sdk = await import("@modelcontextprotocol/sdk/client/auth.js");
    const { issuer, tokenUrl } = this.#config;
    const { controls } = await this.#network.open();
    const trusted = [this.#url, ...[issuer, tokenUrl].flatMap((url) => (url === undefined ? [] : [new URL(url)]))];
    const fetchFn = guardedFetch({ trusted, dispatcher: controls });
    const resourceMetadata = await this.#resourceMetadata(challenge, fetchFn);
    const authorizationServer = this.#authorizationServer(resourceMetadata);
    const metadata =
      tokenUrl === undefined
        ? await sdk.discoverAuthorizationServerMetadata(authorizationServer, { fetchFn })
        : undefined;
    checkIssuer(metadata?.issuer, authorizationServer);
    const provider = await this.#provider(challenge.scope);
    const found = await sdk.selectResourceURL(this.#url, provider, resourceMetadata);
    const resource = found === undefined ? resourceOf(this.#url) : (resourceMetadata?.resource ?? found);
    const place = tokenUrl === undefined ? authorizationServer : new URL("/", tokenUrl).href;
    const endpoints = metadata ?? (tokenUrl === undefined ? undefined : plainMetadata(place, tokenUrl));
    const about = { ...(endpoints !== undefined && { metadata: endpoints }), resource, fetchFn };
    const { addClientAuthentication } = provider;
    const clientInformation = { client_id: this.#config.clientId, ...secretOf(this.#config) };
    const tokens =
      this.#refreshToken === undefined
        ? await sdk.fetchToken(provider, place, about)
        : await sdk.refreshAuthorization(place, {
            ...about,
            clientInformation,
            refreshToken: this.#refreshToken,
            ...(addClientAuthentication !== undefined && { addClientAuthentication }),
          });
    return this.#taken(tokens);
  }

  #taken({
    access_token: value,
    expires_in: seconds = ASSUMED_SECONDS,
    refresh_token: refreshToken,
  }: OAuthTokens): Token {
    if (!/^[\x21-\x7e]+$/.test(value)) throw new Error("the token cannot be sent in a header");
    if (this.#refreshToken !== undefined) this.#refreshToken = refreshToken ?? this.#refreshToken;
    return { value, expiresAt: performance.now() + seconds * 1_000 };
  }

  /** The metadata of a server is at its own origin (RFC 9728 §3); an address elsewhere is not even fetched. */
  async #resourceMetadata(
    { metadataUrl }: Challenge,
    fetchFn: ReturnType<typeof guardedFetch>,
  ): Promise<OAuthProtectedResourceMetadata | undefined> {
    if (this.#config.tokenUrl !== undefined) return undefined;
    const given = metadataUrl === undefined ? undefined : new URL(metadataUrl, this.#url);
    if (given !== undefined && given.origin !== this.#url.origin) {
      throw new Error("the server names resource metadata at another origin than its own");
    }
    const { discoverOAuthProtectedResourceMetadata } = await import("@modelcontextprotocol/sdk/client/auth.js");
    const options = given === undefined ? {} : { resourceMetadataUrl: given };
    try {
      return await discoverOAuthProtectedResourceMetadata(this.#url, options, fetchFn);
    } catch (error) {
      // A server that says nothing of where its metadata is may have none (MCP 2025-03-26, authorization).
      if (given !== undefined) throw error;
      return undefined;
    }
  }

  #authorizationServer(metadata: OAuthProtectedResourceMetadata | undefined): string {
    const { issuer } = this.#config;
    const named = metadata?.authorization_servers ?? [];
    if (issuer !== undefined) {
      if (named.length === 0 || named.some((one) => isSame(one, issuer))) return issuer;
      throw new Error("the server does not name the authorization server of auth.issuer");
    }
    const [first = this.#url.origin] = named;
    if (new URL(first).origin === this.#url.origin) return first;
    throw new Error(
      `the server names an authorization server elsewhere (${new URL(first).origin}): if it is the right one, write auth.issuer`,
    );
  }

  async #provider(wantedScope: string | undefined): Promise<OAuthClientProvider> {
    const { clientId, clientSecret, privateKey, algorithm, scope = wantedScope } = this.#config;
    const { ClientCredentialsProvider, PrivateKeyJwtProvider } =
      await import("@modelcontextprotocol/sdk/client/auth-extensions.js");
    const common = { clientId, clientName: "mcp-gateway", ...(scope !== undefined && { scope }) };
    return privateKey === undefined
      ? new ClientCredentialsProvider({ ...common, clientSecret: clientSecret ?? "" })
      : new PrivateKeyJwtProvider({ ...common, privateKey, algorithm });
  }
}

const secretOf = ({ clientSecret }: OAuthConfig): { readonly client_secret?: string } =>
  clientSecret === undefined ? {} : { client_secret: clientSecret };

/** The metadata must be that of the issuer it was asked for (RFC 8414 §3.3). */
function checkIssuer(issuer: string | undefined, expected: string): void {
  if (issuer !== undefined && !isSame(issuer, expected)) {
    throw new Error("the metadata of the authorization server is that of another issuer");
  }
}

const isSame = (a: string, b: string): boolean => withoutSlash(a) === withoutSlash(b);
const withoutSlash = (url: string): string => new URL(url).href.replace(/\/$/, "");

/** The canonical URI of the server (MCP 2025-11-25, authorization, resource parameter). */
function resourceOf(url: URL): URL {
  const resource = new URL(url);
  resource.hash = "";
  return resource;
}

/** For a token endpoint that was not discovered. */
const plainMetadata = (
  issuer: string,
  tokenUrl: string,
): { issuer: string; authorization_endpoint: string; token_endpoint: string; response_types_supported: string[] } => ({
  issuer,
  authorization_endpoint: tokenUrl,
  token_endpoint: tokenUrl,
  response_types_supported: [],
});
