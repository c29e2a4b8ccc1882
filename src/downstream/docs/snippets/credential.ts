import { preferredScheme, type SecurityScheme } from "../../../protocol/security-scheme.ts";

/** How a client authenticates. The secret itself never appears, only the name of a variable. */
export interface Credential {
  readonly header: string;
  /** The text before the secret in the header: `Bearer `. */
  readonly prefix: string;
  readonly variable: string;
  /** What the variable must contain. */
  readonly holds: string;
  /** Clients that know OAuth need no header: they find out where to sign in. */
  readonly isOAuth?: boolean;
}

const BEARER: Credential = {
  header: "Authorization",
  prefix: "Bearer ",
  variable: "MCP_GATEWAY_TOKEN",
  holds: "your token",
};

const OAUTH: Credential = { ...BEARER, holds: "an access token of your identity provider", isOAuth: true };

const BASIC: Credential = {
  header: "Authorization",
  prefix: "Basic ",
  variable: "MCP_GATEWAY_BASIC",
  holds: "what printf %s 'user:password' | base64 prints",
};

/** The credential for the preferred scheme; undefined when no authentication is configured. */
export function credentialFor(schemes: readonly SecurityScheme[]): Credential | undefined {
  const scheme = preferredScheme(schemes);
  if (scheme === undefined) return undefined;
  if (scheme.kind === "basic") return BASIC;
  if (scheme.kind === "oidc") return OAUTH;
  if (scheme.kind === "bearer") return BEARER;
  return { header: scheme.header, prefix: "", variable: "MCP_GATEWAY_API_KEY", holds: "your API key" };
}

/** The header's value with the variable in the client's syntax, by default `${VARIABLE}`. */
export function headerValue({ prefix, variable }: Credential, placeholder = `\${${variable}}`): string {
  return `${prefix}${placeholder}`;
}

/** The `headers` member of a JSON config; empty without a credential. */
export function headersWith(
  credential: Credential | undefined,
  placeholder?: string,
): { headers?: Readonly<Record<string, string>> } {
  if (credential === undefined) return {};
  return { headers: { [credential.header]: headerValue(credential, placeholder) } };
}
