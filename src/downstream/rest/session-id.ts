import type { IncomingMessage } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";

/** Ids that a caller may choose: safe in a URL and a header, and long enough not to be guessed by counting. */
const CHOSEN_ID = /^[A-Za-z0-9._~-]{8,128}$/;

/**
 * The session id of a call: `?sessionId=`, `X-Session-Id` or `Mcp-Session-Id`, else a header that the config names. Undefined
 * when the caller sent none.
 */
export function sessionIdOf(
  request: IncomingMessage,
  query: URLSearchParams | undefined,
  implicit: readonly string[],
): string | undefined {
  const { headers } = request;
  const named = query?.get("sessionId") ?? headers["x-session-id"] ?? headers["mcp-session-id"];
  const id = named ?? implicit.map((name) => headers[name.toLowerCase()]).find((value) => value !== undefined);
  if (id === undefined) return undefined;
  if (typeof id === "string" && CHOSEN_ID.test(id)) return id;
  throw new GatewayError(
    "invalid_request",
    "A session id has 8 to 128 characters of A-Z a-z 0-9 . _ ~ -; GET /api/sessionid gives one.",
  );
}
