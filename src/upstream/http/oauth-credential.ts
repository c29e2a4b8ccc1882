import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import type { Credential } from "./credential.ts";
import type { Challenge, Token } from "./oauth-flow.ts";

/** Gets a token from the authorization server. */
type ObtainToken = (challenge: Challenge) => Promise<Token>;

export interface OAuthCredentialOptions {
  readonly server: string;
  readonly obtain: ObtainToken;
  readonly emit: Emit;
}

/** A token is renewed when this little of its life is left. */
const LEFT_SHARE = 0.1;
const LEFT_MS = 60_000;
/** A server that refuses a token younger than this refuses any. */
const YOUNG_MS = 2_000;
/** After a failure the authorization server is left alone for a while. */
const REST_MS = 5_000;

/**
 * An access token (RFC 6749), which is kept in memory only. The first request goes out without one: the refusal of the server
 * tells where tokens come from (RFC 9728 §5.1). One is fetched at a time.
 */
export class OAuthCredential implements Credential {
  readonly #options: OAuthCredentialOptions;
  #token: (Token & { readonly gotAt: number }) | undefined;
  #challenge: Challenge | undefined;
  #fetching: Promise<void> | undefined;
  #failure: { readonly error: GatewayError; readonly at: number } | undefined;

  constructor(options: OAuthCredentialOptions) {
    this.#options = options;
  }

  headers(): readonly string[] | Promise<readonly string[]> {
    const token = this.#token;
    if (token === undefined || this.#challenge === undefined) return [];
    const leftMs = token.expiresAt - performance.now();
    if (leftMs > Math.min(LEFT_MS, (token.expiresAt - token.gotAt) * LEFT_SHARE)) return bearer(token);
    return this.#renewed(leftMs > 0 ? token : undefined, this.#challenge);
  }

  async renew(challenge: string | undefined): Promise<boolean> {
    if (this.#token !== undefined && performance.now() - this.#token.gotAt < YOUNG_MS) return true;
    this.#challenge = challengeOf(challenge);
    await this.#fetch(this.#challenge);
    return true;
  }

  /** A token that is still good does until there is another one. */
  async #renewed(old: Token | undefined, challenge: Challenge): Promise<readonly string[]> {
    try {
      await this.#fetch(challenge);
    } catch (error) {
      if (old === undefined) throw error;
      return bearer(old);
    }
    return this.#token === undefined ? [] : bearer(this.#token);
  }

  #fetch(challenge: Challenge): Promise<void> {
    const failure = this.#failure;
    if (failure !== undefined && performance.now() - failure.at < REST_MS) return Promise.reject(failure.error);
    this.#fetching ??= this.#obtain(challenge).finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #obtain(challenge: Challenge): Promise<void> {
    const { server, obtain, emit } = this.#options;
    try {
      this.#token = { ...(await obtain(challenge)), gotAt: performance.now() };
      this.#failure = undefined;
    } catch (cause) {
      const message = `No token for the MCP server "${server}" could be had (servers.${server}.auth); the gateway's log says why.`;
      const error = new GatewayError("upstream_unauthorized", message, { cause });
      this.#failure = { error, at: performance.now() };
      emit({ type: "trouble", what: `no token for "${server}" could be had`, cause: messageOf(cause) });
      throw error;
    }
  }
}

const bearer = ({ value }: Token): readonly string[] => ["authorization", `Bearer ${value}`];

/** `WWW-Authenticate: Bearer resource_metadata="…", scope="…"` (RFC 9728 §5.1, RFC 6750 §3). */
function challengeOf(header: string | undefined): Challenge {
  const value = (name: string): string | undefined =>
    new RegExp(String.raw`[\s,]${name}\s*=\s*(?:"([^"]*)"|([^\s",]+))`, "i")
      .exec(` ${header ?? ""}`)
      ?.slice(1)
      .find(Boolean);
  return { metadataUrl: value("resource_metadata"), scope: value("scope") };
}

/** Without the stack, which ends in a library. */
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
