import { ClaimRules } from "./claim-rules.ts";
import type { JwtConfig } from "./jwt-config.ts";

/** One issuer whose tokens are accepted. */
export interface IssuerSettings {
  readonly issuer: string;
  /** Undefined when its discovery document names it. */
  readonly jwksUri: string | undefined;
  readonly audience: readonly string[];
  /** Undefined for every asymmetric one. */
  readonly algorithms: readonly string[] | undefined;
  readonly rules: ClaimRules;
}

type Entry = JwtConfig["issuers"][number];

/** The issuers of a config. What an entry of `issuers` does not say, the block says for all; claims and mappings add up. */
export function issuerSettings(config: JwtConfig): IssuerSettings[] {
  const { issuer, issuers, jwksUri } = config;
  const own: readonly Entry[] = issuer === undefined ? [] : [{ issuer, jwksUri }];
  return [...own, ...issuers].map((entry) => settingsOf(entry, config));
}

function settingsOf(entry: Entry, all: JwtConfig): IssuerSettings {
  const audience = entry.audience ?? all.audience ?? [];
  return {
    issuer: entry.issuer,
    jwksUri: entry.jwksUri,
    audience: typeof audience === "string" ? [audience] : audience,
    algorithms: entry.algorithms ?? all.algorithms,
    rules: new ClaimRules({
      claims: [...(all.claims ?? []), ...(entry.claims ?? [])],
      mappings: [...Object.entries(all.mappings ?? {}), ...Object.entries(entry.mappings ?? {})],
      tenantClaim: entry.tenantClaim ?? all.tenantClaim,
      clientClaim: entry.clientClaim ?? all.clientClaim,
      groupsClaim: entry.groupsClaim ?? all.groupsClaim ?? "groups",
    }),
  };
}
