import type { IncomingMessage } from "node:http";
import type { Visit } from "../context.ts";
import type { CallArguments } from "./arguments.ts";
import type { Caller } from "./caller.ts";
import type { RestContext } from "./context.ts";
import type { TimeLimit } from "./deadline.ts";
import type { Preferences } from "./preferences.ts";
import type { ResultForm } from "./result-form.ts";
import type { Tool } from "../../protocol/tool.ts";

/** The parsed HTTP request for one call. */
export interface RestCall {
  readonly visit: Visit;
  readonly tool: string;
  readonly form: ResultForm;
  readonly accept: string | undefined;
  readonly preferences: Preferences;
  readonly sessionId: string | undefined;
  readonly given: CallArguments;
  readonly caller: Caller;
}

/** A call whose tool exists and whose arguments are valid. */
export interface CheckedCall extends RestCall {
  readonly listed: Tool;
}

/** The limit of a request: the caller's own, else that of the server's entry, else that of the config. */
export function limitOf(
  { timeoutMs }: Preferences,
  query: URLSearchParams | undefined,
  server: string | undefined,
  context: RestContext,
): TimeLimit {
  const longest = longestTime(context);
  const limit = requestedLimit(timeoutMs, query) ?? configuredLimit(server, context);
  return limit.ms > longest.ms ? longest : limit;
}

export const longestTime = ({ settings }: Pick<RestContext, "settings">): TimeLimit => ({
  ms: settings.maxTimeoutMs,
  setting: "limits.requestMax",
});

function requestedLimit(ms: number | undefined, query: URLSearchParams | undefined): TimeLimit | undefined {
  if (ms === undefined) return undefined;
  return { ms, setting: query?.has("timeoutMs") === true ? "?timeoutMs=" : "Prefer: wait=" };
}

function configuredLimit(server: string | undefined, { callsOf, settings }: RestContext): TimeLimit {
  const timeoutMs = server === undefined ? undefined : callsOf(server).timeoutMs;
  if (timeoutMs !== undefined) return { ms: timeoutMs, setting: `servers.${server}.timeout` };
  return { ms: settings.timeoutMs, setting: "rest.timeout" };
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}
