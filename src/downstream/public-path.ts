import type { IncomingMessage } from "node:http";

/** Absolute path with plain segments: nothing that could turn it into another origin (`//host`) or inject a line break. */
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;

/**
 * The path prefix under which the client sees the gateway: the path of `publicUrl`, else `X-Forwarded-Prefix` as set by a reverse
 * proxy. The prefix only affects URLs returned to this same caller, so the proxy need not be trusted.
 */
export function publicPrefix(request: IncomingMessage, publicPath: string | undefined): string {
  if (publicPath !== undefined) return publicPath;
  const forwarded = request.headers["x-forwarded-prefix"];
  if (typeof forwarded !== "string" || !PREFIX.test(forwarded)) return "";
  return forwarded.endsWith("/") ? forwarded.slice(0, -1) : forwarded;
}
