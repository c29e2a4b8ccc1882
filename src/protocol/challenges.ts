export const REALM = "MCP Gateway";

/** The parameters of a Bearer challenge (RFC 6750 §3). */
interface BearerParameters {
  readonly error?: "invalid_token" | "insufficient_scope";
  readonly description?: string;
  readonly scopes?: readonly string[] | undefined;
}

/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const BEARER = /^Bearer(?: |$)/i;

/** A Bearer challenge for `WWW-Authenticate`. A scope that the header cannot carry is left out. */
export function bearerChallenge({ error, description, scopes = [] }: BearerParameters = {}): string {
  const parts = [`realm="${REALM}"`];
  if (error !== undefined) parts.push(`error="${error}"`);
  if (description !== undefined) parts.push(`error_description="${description}"`);
  const sendable = scopes.filter((scope) => SCOPE.test(scope));
  if (sendable.length > 0) parts.push(`scope="${sendable.join(" ")}"`);
  return `Bearer ${parts.join(", ")}`;
}

/** Tells a client where to learn which authorization server issues tokens (RFC 9728 §5.1). Other schemes stay as they are. */
export function withResourceMetadata(challenge: string, url: string): string {
  return BEARER.test(challenge) ? `${challenge}, resource_metadata="${url}"` : challenge;
}
