import type { IncomingMessage } from "node:http";

/** One leading slash and plain segments: nothing that could turn a path into another origin (`//host`) or a field break. */
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;

/**
 * What stands before our paths as the client sees them: the path of `publicUrl`, else `X-Forwarded-Prefix` as a reverse proxy
 * sets it. It only shapes the URL told to this same caller, so it needs no trusted proxy.
 */
export function publicPrefix(request: IncomingMessage, publicPath: string | undefined): string {
  if (publicPath !== undefined) return publicPath;
  const forwarded = request.headers["x-forwarded-prefix"];
  if (typeof forwarded !== "string" || !PREFIX.test(forwarded)) return "";
  return forwarded.endsWith("/") ? forwarded.slice(0, -1) : forwarded;
}
