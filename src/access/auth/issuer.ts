import { hash } from "node:crypto";
import type { CryptoKey, JWSHeaderParameters, JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { GatewayError } from "../../protocol/errors.ts";
import type { Emit } from "../../protocol/events.ts";
import type { Principal } from "../../protocol/principal.ts";
import { IssuerKeys, type KeyTimes } from "./issuer-keys.ts";
import { isName } from "./claim-rules.ts";
import type { IssuerSettings } from "./issuer-settings.ts";
import { ALGORITHMS } from "./jwt-config.ts";
import type { Rejection } from "./method.ts";

const LEEWAY_S = 30;
const CHECKED_TOKENS = 1_000;
/** OpenID Connect Core §2 allows 255. */
const MAX_SUBJECT = 1_000;
/** RFC 9068 §4 and tokens of issuers that do not follow it; other types, such as `logout+jwt`, are no access tokens. */
const TYPES: readonly (string | undefined)[] = [undefined, "jwt", "at+jwt", "application/at+jwt", "application/jwt"];

interface CheckedToken {
  readonly principal: Principal;
  /** Seconds since 1970, as in `exp`. */
  readonly expiresAt: number;
  readonly generation: number;
}

/** A name for a token that does not reveal it. */
export const tokenId = (token: string): string => hash("sha256", token, "base64");

/** Checks the tokens of one issuer (RFC 7519 §7.2, RFC 8725, RFC 9068 §4). */
export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #keys: IssuerKeys;
  /** By digest: the same token is sent with every request. */
  readonly #checked = new LRUCache<string, CheckedToken>({ max: CHECKED_TOKENS });

  constructor(settings: IssuerSettings, emit: Emit, times?: KeyTimes) {
    this.#settings = settings;
    this.#keys = new IssuerKeys(settings, emit, times);
  }

  prepare(): void {
    this.#keys.refreshIfOld();
  }

  /** The subject of a token that was checked before, with the same keys, and has not expired; `id` is that of `tokenId`. */
  known(id: string): Principal | undefined {
    const checked = this.#checked.get(id);
    if (checked === undefined) return undefined;
    this.#keys.refreshIfOld();
    if (checked.generation === this.#keys.generation && Date.now() / 1_000 < checked.expiresAt)
      return checked.principal;
    this.#checked.delete(id);
    return undefined;
  }

  /** Rejects with a GatewayError when there are no keys to check it with. */
  async check(token: string, id: string): Promise<Principal | Rejection> {
    const { jwtVerify, errors } = await import("jose");
    const { issuer, audience, algorithms = ALGORITHMS } = this.#settings;
    let generation = 0;
    const keyFor = async (header: JWSHeaderParameters): Promise<CryptoKey> => {
      const found = await this.#keys.find(header);
      ({ generation } = found);
      return found.key;
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
        issuer,
        audience: [...audience],
        algorithms: [...algorithms],
        clockTolerance: LEEWAY_S,
        requiredClaims: ["exp", "iss", "aud", "sub"],
      });
      if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) throw new Error("it is no access token");
      const principal = this.#principalOf(payload);
      this.#checked.set(id, { principal, expiresAt: payload.exp ?? 0, generation });
      return principal;
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      // Claims are looked at after the signature: such a token is the issuer's, but old, or for somebody else.
      const isGenuine = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
      return { rejected: error, isGenuine };
    }
  }

  /** A subject is only unique within its issuer (RFC 7519 §4.1.2). An issuer is a URL, so the space ends it. */
  #principalOf(claims: JWTPayload): Principal {
    const { sub } = claims;
    if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT || !isName(sub)) {
      throw new Error("its subject is not a name");
    }
    const { issuer, rules } = this.#settings;
    return { kind: "jwt", id: `${issuer} ${sub}`, ...rules.apply(claims), claims };
  }
}
