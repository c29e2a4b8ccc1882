import type { IncomingMessage } from "node:http";
import { GatewayError } from "../../protocol/errors.ts";

/** Options of one call, from the query or the `Prefer` header (RFC 7240). */
export interface Preferences {
  readonly timeoutMs: number | undefined;
  readonly toolErrorsAsHttp: boolean | undefined;
}

export function preferencesOf(request: IncomingMessage, query: URLSearchParams | undefined): Preferences {
  const prefer = request.headers["prefer"];
  const preferred = typeof prefer === "string" ? parsePrefer(prefer) : undefined;
  const wait = preferred?.get("wait");
  const timeout = query?.get("timeoutMs") ?? (wait === undefined ? undefined : String(Number(wait) * 1_000));
  const toolErrors = query?.get("toolErrors") ?? preferred?.get("tool-errors");
  return {
    timeoutMs: timeoutOf(timeout ?? undefined),
    toolErrorsAsHttp: toolErrors === undefined ? undefined : toolErrors === "http",
  };
}

/** The first occurrence of a name counts; parameters after a `;` are ignored (RFC 7240 §2). */
function parsePrefer(header: string): Map<string, string> {
  const preferences = new Map<string, string>();
  for (const part of header.split(",")) {
    const [preference = ""] = part.split(";");
    const [name = "", value = ""] = preference.trim().split("=");
    const key = name.trim().toLowerCase();
    if (!preferences.has(key)) preferences.set(key, value.trim().replaceAll('"', ""));
  }
  return preferences;
}

function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new GatewayError(
    "invalid_request",
    "timeoutMs must be a number of milliseconds, and Prefer: wait= a number of seconds.",
  );
}
