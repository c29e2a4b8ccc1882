/** An enabled way to authenticate, in OpenAPI's terms; never a secret. */
export type SecurityScheme =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer" }
  | { readonly kind: "apiKey"; readonly header: string }
  | { readonly kind: "oidc"; readonly url: string };

const ORDER: readonly SecurityScheme["kind"][] = ["bearer", "oidc", "apiKey", "basic"];

/** The scheme that most clients support; undefined when there is none. */
export function preferredScheme(schemes: readonly SecurityScheme[]): SecurityScheme | undefined {
  return ORDER.flatMap((kind) => schemes.find((scheme) => scheme.kind === kind) ?? [])[0];
}
