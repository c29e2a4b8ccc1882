import { isObject, member, type JsonObject } from "../../lib/json.ts";
import type { Principal } from "../../protocol/principal.ts";

export interface ClaimNames {
  /** The claims whose values are looked up in the mappings. */
  readonly claims: readonly string[];
  /** The scopes of each `claim:value`. */
  readonly mappings: readonly (readonly [string, readonly string[]])[];
  readonly tenantClaim?: string | undefined;
  readonly clientClaim?: string | undefined;
  readonly groupsClaim: string;
}

/** RFC 6749 §3.3 and RFC 8693 §4.2: scopes in one string; Okta has a list in `scp`, Microsoft Entra a string. */
const SCOPE_CLAIMS = ["scope", "scp"];

/** What the claims of a token say about its subject. Names and values of claims are compared without regard to case. */
export class ClaimRules {
  readonly #names: ClaimNames;
  readonly #mappings = new Map<string, readonly string[]>();

  constructor(names: ClaimNames) {
    this.#names = names;
    for (const [key, scopes] of names.mappings) {
      const lower = key.toLowerCase();
      this.#mappings.set(lower, [...(this.#mappings.get(lower) ?? []), ...scopes]);
    }
  }

  /** Throws when the tenant or the client is not a name. */
  apply(claims: JsonObject): Pick<Principal, "tenant" | "client" | "scopes" | "groups"> {
    const { tenantClaim, clientClaim, groupsClaim } = this.#names;
    return {
      tenant: nameAt(claims, tenantClaim),
      client: nameAt(claims, clientClaim),
      scopes: [...new Set([...ownScopes(claims), ...this.#mapped(claims)])],
      groups: textsAt(claims, groupsClaim),
    };
  }

  #mapped(claims: JsonObject): string[] {
    return this.#names.claims.flatMap((claim) =>
      valuesOf(claim, claims).flatMap((value) => this.#mappings.get(`${claim}:${value}`.toLowerCase()) ?? []),
    );
  }
}

const ownScopes = (claims: JsonObject): string[] => SCOPE_CLAIMS.flatMap((claim) => valuesOf(claim, claims));

function valuesOf(claim: string, claims: JsonObject): string[] {
  const texts = textsAt(claims, claim);
  const isScope = SCOPE_CLAIMS.includes(claim.toLowerCase());
  return isScope ? texts.flatMap((text) => text.split(" ").filter((scope) => scope !== "")) : texts;
}

function textsAt(claims: JsonObject, claim: string): string[] {
  const value = valueAt(claims, claim);
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === "string");
}

const MAX_NAME = 200;

/** Undefined without the claim. */
function nameAt(claims: JsonObject, claim: string | undefined): string | undefined {
  const value = claim === undefined ? undefined : valueAt(claims, claim);
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "" && value.length <= MAX_NAME && isName(value)) return value;
  throw new Error(`the claim ${claim} is not a name`);
}

/** Without control characters, and without lone surrogates, of which many become the same bytes. */
export const isName = (text: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(text);

/** `https://example.com/roles` is a name, `realm_access.roles` a member of an object. */
function valueAt(claims: JsonObject, claim: string): unknown {
  const own = memberLike(claims, claim);
  if (own !== undefined || !claim.includes(".")) return own;
  return claim
    .split(".")
    .reduce<unknown>((value, name) => (isObject(value) ? memberLike(value, name) : undefined), claims);
}

function memberLike(claims: JsonObject, claim: string): unknown {
  const exact = member(claims, claim);
  if (exact !== undefined) return exact;
  const lower = claim.toLowerCase();
  const name = Object.keys(claims).find((key) => key.toLowerCase() === lower);
  return name === undefined ? undefined : member(claims, name);
}
