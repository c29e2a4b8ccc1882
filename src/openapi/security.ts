import type { SecurityRequirementObject, SecuritySchemeObject } from "openapi3-ts/oas31";
import type { ProfileName } from "./profiles.ts";

/** A way to authenticate that the gateway is configured for; never a secret. */
export type SecurityScheme =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer" }
  | { readonly kind: "apiKey"; readonly header: string }
  | { readonly kind: "oidc"; readonly url: string };

export interface Security {
  readonly schemes: Readonly<Record<string, SecuritySchemeObject>>;
  /** Alternatives: any one of them is enough. */
  readonly requirements: SecurityRequirementObject[];
}

export function security(schemes: readonly SecurityScheme[], profile: ProfileName): Security {
  const named = new Map<string, SecuritySchemeObject>();
  for (const scheme of profile === "gpt" ? one(schemes) : schemes) {
    const name = NAMES[scheme.kind];
    const copies = [...named.keys()].filter((taken) => taken.startsWith(name)).length;
    named.set(copies === 0 ? name : `${name}${copies + 1}`, schemeObject(scheme));
  }
  return {
    schemes: Object.fromEntries(named),
    requirements: [...named.keys()].map((name) => ({ [name]: [] })),
  };
}

const NAMES = { basic: "basicAuth", bearer: "bearerAuth", apiKey: "apiKeyAuth", oidc: "oidc" } as const;

/** GPT Actions takes one scheme and cannot discover OpenID Connect; the token it would give is a bearer token. */
function one(schemes: readonly SecurityScheme[]): readonly SecurityScheme[] {
  const order = ["bearer", "apiKey", "basic"] as const;
  const preferred = order.flatMap((kind) => schemes.filter((scheme) => scheme.kind === kind)).slice(0, 1);
  return preferred.length === 0 && schemes.length > 0 ? [{ kind: "bearer" }] : preferred;
}

function schemeObject(scheme: SecurityScheme): SecuritySchemeObject {
  if (scheme.kind === "apiKey") return { type: "apiKey", in: "header", name: scheme.header };
  if (scheme.kind === "oidc") return { type: "openIdConnect", openIdConnectUrl: scheme.url };
  return { type: "http", scheme: scheme.kind };
}
