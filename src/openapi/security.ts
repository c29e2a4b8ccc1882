import type { SecurityRequirementObject, SecuritySchemeObject } from "openapi3-ts/oas31";
import { preferredScheme, type SecurityScheme } from "../protocol/security-scheme.ts";
import type { ProfileName } from "./profiles.ts";

export interface Security {
  readonly schemes: Readonly<Record<string, SecuritySchemeObject>>;
  /** Alternatives: satisfying any one of them is sufficient. */
  readonly requirements: SecurityRequirementObject[];
}

export function security(schemes: readonly SecurityScheme[], profile: ProfileName): Security {
  const named = new Map<string, SecuritySchemeObject>();
  for (const scheme of profile === "gpt" ? onlyScheme(schemes) : schemes) {
    const name = NAMES[scheme.kind];
    const copies = [...named.keys()].filter((taken) => taken.startsWith(name)).length;
    named.set(copies === 0 ? name : `${name}${copies + 1}`, schemeObject(scheme));
  }
  return {
    schemes: Object.fromEntries(named),
    requirements: [...named.keys()].map((name) => ({ [name]: [] })),
  };
}

const NAMES = {
  basic: "basicAuth",
  bearer: "bearerAuth",
  apiKey: "apiKeyAuth",
  oidc: "oidc",
} as const satisfies Record<SecurityScheme["kind"], string>;

/** GPT Actions supports a single scheme and no OpenID Connect discovery; the token it obtains is a bearer token. */
function onlyScheme(schemes: readonly SecurityScheme[]): readonly SecurityScheme[] {
  if (schemes.length === 0) return [];
  return [preferredScheme(schemes.filter(({ kind }) => kind !== "oidc")) ?? { kind: "bearer" }];
}

function schemeObject(scheme: SecurityScheme): SecuritySchemeObject {
  if (scheme.kind === "apiKey") return { type: "apiKey", in: "header", name: scheme.header };
  if (scheme.kind === "oidc") return { type: "openIdConnect", openIdConnectUrl: scheme.url };
  return { type: "http", scheme: scheme.kind };
}
