import type { createLocalJWKSet, CryptoKey, JSONWebKeySet, JWSHeaderParameters } from "jose";
import { member } from "../../lib/json.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import { discoverKeys } from "./discovery.ts";
import { fetchJson } from "./fetch-json.ts";

export interface KeyTimes {
  /** The keys are fetched again when they are older. */
  readonly maxAgeMs: number;
  /** Between two fetches: an unknown key id may mean new keys, or nothing at all. */
  readonly cooldownMs: number;
  /** After a failed fetch, doubled with each further one up to the cooldown. */
  readonly retryMs: number;
  /** For one document of the issuer. */
  readonly timeoutMs: number;
}

const TIMES: KeyTimes = { maxAgeMs: 600_000, cooldownMs: 30_000, retryMs: 2_000, timeoutMs: 5_000 };

type KeyLookup = ReturnType<typeof createLocalJWKSet>;

interface FoundKey {
  readonly key: CryptoKey;
  /** Of the keys among which it was found. */
  readonly generation: number;
}

interface IssuerRef {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
}

/**
 * The public keys of an issuer. Tokens, which anybody can send, cause at most one fetch per cooldown, and all who wait share it.
 * While the issuer is unreachable, the keys that were fetched last stay valid.
 */
export class IssuerKeys {
  /** Changes whenever a key is added or withdrawn. */
  generation = 0;
  readonly #issuer: IssuerRef;
  readonly #emit: Emit;
  readonly #times: KeyTimes;
  #find: KeyLookup | undefined;
  #text = "";
  #fetchedAt = 0;
  #pending: Promise<void> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(issuer: IssuerRef, emit: Emit, times = TIMES) {
    this.#issuer = issuer;
    this.#emit = emit;
    this.#times = times;
  }

  /** The key that a token was signed with. Rejects with a JOSE error when there is none, with a GatewayError when none is known yet. */
  async find(header: JWSHeaderParameters): Promise<FoundKey> {
    if (this.#find === undefined) await this.#refresh();
    else this.refreshIfOld();
    if (this.#find === undefined) throw unreachable(this.#notBefore - performance.now());
    try {
      return await this.#lookUp(this.#find, header);
    } catch (error) {
      if (member({ ...Object(error) }, "code") !== "ERR_JWKS_NO_MATCHING_KEY") throw error;
      await this.#refresh();
      return this.#lookUp(this.#find, header);
    }
  }

  async #lookUp(find: KeyLookup, header: JWSHeaderParameters): Promise<FoundKey> {
    // Before the look-up, during which there may come newer keys.
    const { generation } = this;
    return { key: await find(header), generation };
  }

  /** In the background: the keys that are known serve until there are newer ones. Never throws. */
  refreshIfOld(): void {
    if (this.#find === undefined || performance.now() - this.#fetchedAt > this.#times.maxAgeMs) void this.#refresh();
  }

  /** Never rejects. */
  async #refresh(): Promise<void> {
    if (this.#pending === undefined) {
      if (performance.now() < this.#notBefore) return;
      this.#pending = this.#fetch();
    }
    await this.#pending;
  }

  async #fetch(): Promise<void> {
    const { cooldownMs, retryMs } = this.#times;
    try {
      await this.#load();
      this.#failures = 0;
      this.#fetchedAt = performance.now();
      this.#notBefore = this.#fetchedAt + cooldownMs;
    } catch (cause) {
      this.#notBefore = performance.now() + Math.min(cooldownMs, retryMs * 2 ** this.#failures++);
      this.#report(cause);
    } finally {
      this.#pending = undefined;
    }
  }

  async #load(): Promise<void> {
    const { createLocalJWKSet: localKeys } = await import("jose");
    const { issuer, jwksUri } = this.#issuer;
    const { timeoutMs } = this.#times;
    const document = await fetchJson(jwksUri ?? (await discoverKeys(issuer, timeoutMs)), timeoutMs);
    if (!isKeySet(document) || document.keys.length === 0) throw new Error(`the key set of ${issuer} has no keys`);
    const text = JSON.stringify(document);
    if (text === this.#text) return;
    this.#find = localKeys(document);
    this.#text = text;
    this.generation++;
  }

  #report(cause: unknown): void {
    const consequence =
      this.#find === undefined ? "its tokens cannot be checked" : "the keys that were fetched last are used";
    const what = `the keys of the issuer ${this.#issuer.issuer} could not be fetched; ${consequence}`;
    this.#emit({ type: "trouble", what, cause: brief(cause) });
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return Array.isArray(member(value, "keys"));
}

function unreachable(waitMs: number): GatewayError {
  return new GatewayError(
    "issuer_unreachable",
    "The token cannot be checked: its issuer's keys cannot be fetched at present.",
    { retryAfterMs: Math.max(1_000, waitMs) },
  );
}

/** What failed and why, without a stack: `fetch failed` alone says nothing. */
function brief(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
