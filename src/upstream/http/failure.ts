import { isObject, member } from "../../lib/json.ts";
import { GatewayError } from "../../protocol/errors.ts";
import type { Broken, Outcome, Refused } from "./call-listener.ts";

/** What a remote server that answers with a refusal is quoted with. */
const QUOTED = 300;
const LONGEST_RETRY_MS = 3_600_000;

/** The request never got an answer: says what to look for, but not where the server is, which callers need not know. */
export function brokenError(server: string, { cause, wasSent }: Broken): GatewayError {
  const code = codeOf(cause);
  const hint = HINTS.get(code) ?? (code.startsWith("HPE_") ? "it does not speak HTTP" : certificateHint(code));
  const what = wasSent ? "broke off" : "could not be reached";
  const tail = hint === undefined ? "" : `: ${hint}`;
  return new GatewayError("upstream_unreachable", `The MCP server "${server}" ${what}${tail}.`, {
    cause,
    ...(hint !== undefined && { data: { hint } }),
    log: { code },
  });
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["ENOTFOUND", "its host name is unknown"],
  ["EAI_AGAIN", "its host name could not be looked up"],
  ["ECONNREFUSED", "nothing listens at its address"],
  ["EHOSTUNREACH", "there is no way to its address"],
  ["ENETUNREACH", "there is no way to its address"],
  ["ECONNRESET", "it closed the connection"],
  ["UND_ERR_SOCKET", "it closed the connection"],
  ["UND_ERR_CONNECT_TIMEOUT", "it did not accept a connection in time"],
  ["UND_ERR_HEADERS_TIMEOUT", "it did not begin to answer in time"],
  ["UND_ERR_BODY_TIMEOUT", "its answer stopped"],
  ["UND_ERR_HEADERS_OVERFLOW", "the headers of its answer are too long"],
  ["UND_ERR_INVALID_ARG", "the request cannot be sent as HTTP"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "its certificate is for another name"],
  ["CERT_HAS_EXPIRED", "its certificate has expired"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak TLS"],
]);

/** The names of OpenSSL for a certificate that no known authority has signed. */
function certificateHint(code: string): string | undefined {
  const isUntrusted = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_UNTRUSTED/.test(code);
  return isUntrusted ? "its certificate is not trusted (servers.<name>.tls.ca)" : undefined;
}

/** Attempts at several addresses fail with one error that contains theirs. */
function codeOf(cause: unknown): string {
  const code = member(cause, "code");
  if (typeof code === "string") return code;
  const errors = member(cause, "errors");
  const inner: unknown = Array.isArray(errors) ? errors[0] : member(cause, "cause");
  return inner === undefined ? "unknown" : codeOf(inner);
}

/** Why there is no answer. */
export function outcomeError(server: string, outcome: Exclude<Outcome, { kind: "complete" }>): GatewayError {
  switch (outcome.kind) {
    case "broken":
      return brokenError(server, outcome);
    case "status":
      return statusError(server, outcome);
    case "unfit":
      return unfitError(server, outcome.why);
    case "refused":
      return outcome.error;
  }
}

/** The server answered with an HTTP status that is no success. */
export function statusError(server: string, { status, headers, body }: Refused): GatewayError {
  const data = { httpStatus: status, ...rpcErrorIn(body) };
  const name = `The MCP server "${server}"`;
  if (status === 401 || status === 403) {
    const what = status === 401 ? "does not accept the credential" : "does not permit this with the credential";
    const message = `${name} ${what} that it is given (servers.${server}.auth).`;
    return new GatewayError("upstream_unauthorized", message, { data });
  }
  if (status === 429 || status === 503) {
    const retryAfterMs = retryAfterOf(headers["retry-after"]) ?? 1_000;
    const message = `${name} is ${status === 429 ? "asked too often" : "not available at the moment"}; try again later.`;
    return new GatewayError("upstream_busy", message, { data, retryAfterMs });
  }
  if (status >= 300 && status < 400) {
    const message = `${name} answered with a redirect (HTTP ${status}) that is not followed: its URL must be the final one.`;
    return new GatewayError("upstream_error", message, { data, log: { location: headers.location ?? "" } });
  }
  return new GatewayError("upstream_error", `${name} answered with HTTP ${status}.`, { data });
}

/** Undefined when the server itself has answered. A proxy answers for one that is gone with 502, or with a page and 503. */
export function absence(server: string, outcome: Outcome): GatewayError | undefined {
  if (outcome.kind === "broken") return brokenError(server, outcome);
  if (outcome.kind !== "status") return undefined;
  const { status, body } = outcome;
  const isAbsent = status === 502 || (status === 503 && parsed(body) === undefined);
  return isAbsent ? statusError(server, outcome) : undefined;
}

/** The error of a JSON-RPC error body whose id is not that of the request, as refusals of an HTTP layer have none. */
function rpcErrorIn(body: string): { readonly rpc?: { readonly code: unknown; readonly message: string } } {
  const error = member(parsed(body), "error");
  const message = member(error, "message");
  if (!isObject(error) || typeof message !== "string") return {};
  return { rpc: { code: error["code"], message: message.slice(0, QUOTED) } };
}

/** Servers refuse a session that they do not know with 404, as they must, or with 400 (MCP 2025-11-25, transports, session management). */
export function isLostSession({ status, body }: Refused): boolean {
  if (status === 404) return true;
  const { rpc } = rpcErrorIn(body);
  return status === 400 && rpc !== undefined && /session|not initialized/i.test(rpc.message);
}

export function sessionLost(server: string): GatewayError {
  return new GatewayError("session_ended", `The MCP server "${server}" has forgotten the session.`, {
    retryAfterMs: 1_000,
  });
}

export const unfitError = (server: string, why: string): GatewayError =>
  new GatewayError("protocol_violation", `The MCP server "${server}" cannot be used: ${why}.`);

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_RETRY_MS) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An error page; its status says enough.
    return undefined;
  }
}

/** A response that is complete and answers nothing. */
export const unansweredError = (server: string, form: keyof typeof UNANSWERED): GatewayError =>
  unfitError(server, UNANSWERED[form]);

const UNANSWERED = {
  json: "its answer is no response to the request",
  empty: "it did not answer a request that it accepted",
  events: "it ended the stream of an answer before the answer",
} as const;
