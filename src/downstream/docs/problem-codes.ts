export interface ProblemCode {
  readonly status: number;
  readonly meaning: string;
  /** What the caller or the operator can do. */
  readonly action: string;
  /** For a code shared by several reasons, what each reason means. `reason` in the problem body tells which one applies. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** The meanings of reasons that share a code. */
const REASONS: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ["origin_denied", { host_denied: "The request is addressed to a host name that is not served." }],
  [
    "invalid_arguments",
    { key_reused: "The Idempotency-Key was already used with another body, session or form of result." },
  ],
  [
    "unavailable",
    {
      session_ended: "The session ended before the answer came.",
      queue_full: "Too much is already waiting: calls, input that the server does not read, or pages to be rendered.",
      too_many_bodies: "Request bodies take all the memory that limits.bodiesBytes allows.",
      too_many_sessions: "All the sessions that limits allows are in use.",
      too_many_starts: "Too many servers are starting right now.",
      descriptors_exhausted: "The gateway has no file descriptors left for another process.",
      crash_loop: "The server exited too often in a short time and is not started for a while.",
      draining: "The gateway is shutting down.",
    },
  ],
]);

/** The meaning of each `code` in a problem body. Every code in `protocol/errors.ts` must have an entry here. */
export const PROBLEM_CODES: ReadonlyMap<string, ProblemCode> = new Map([
  problem("invalid_json", 400, "The body is not JSON.", "Send one JSON object; check quotes and commas."),
  problem(
    "invalid_request",
    400,
    "The request is malformed: a header, a query parameter, the path or the body.",
    "The detail says which part; correct it and send the request again.",
  ),
  problem(
    "session_required",
    400,
    "The call names no session.",
    "Add ?sessionId= with an id from GET /api/sessionid, or 8 to 128 letters and digits of your own.",
  ),
  problem(
    "unauthorized",
    401,
    "There are no credentials, or they are not valid.",
    "Send an Authorization header; WWW-Authenticate in the answer lists the schemes that are accepted.",
  ),
  problem(
    "origin_denied",
    403,
    "The request comes from a web page of another origin, or is addressed to a host name that is not served.",
    "List the origin under allowedOrigins or the name under allowedHosts in the gateway's config, or set publicUrl. " +
      "Without auth only IP addresses, single-label names and host.docker.internal need not be listed.",
  ),
  problem("not_found", 404, "Nothing is served at this URL.", "Compare it with /docs or GET /api."),
  problem("server_not_found", 404, "No server has this name.", "GET /api lists the servers."),
  problem("tool_not_found", 404, "The server has no tool of this name.", "GET /api/<server> lists its tools."),
  problem(
    "session_not_found",
    404,
    "The session does not exist: it has ended, or it was never yours.",
    "Get a new id from GET /api/sessionid, or initialize again.",
  ),
  problem(
    "method_not_allowed",
    405,
    "The URL exists, but not for this method.",
    "Use one of the methods in the Allow header.",
  ),
  problem(
    "not_acceptable",
    406,
    "The answer is not available in any form that the Accept header asks for.",
    "Accept application/json; the detail lists the other forms.",
  ),
  problem(
    "in_progress",
    409,
    "A call with the same Idempotency-Key is still running.",
    "Wait and send it again: you then get the answer of the first call.",
  ),
  problem(
    "precondition_failed",
    412,
    "The file has changed since the version that If-Match or If-Unmodified-Since asks for.",
    "Leave these headers out, or load the file again.",
  ),
  problem(
    "payload_too_large",
    413,
    "The body is larger than limits.bodyBytes.",
    "Send less, or raise the limit in the gateway's config.",
  ),
  problem(
    "unsupported_media_type",
    415,
    "The body is not declared as JSON.",
    "Add Content-Type: application/json; curl -d sends a form unless told otherwise.",
  ),
  problem(
    "invalid_arguments",
    422,
    "The arguments do not match the tool's schema, or an Idempotency-Key was already used with another body.",
    "errors[] names each place by a JSON pointer; GET /api/<server>/<tool> gives the schema.",
  ),
  problem(
    "tool_error",
    422,
    "The tool ran and reported an error.",
    "result holds what it said. By default such results come with status 200; rest.toolErrors: http makes it 422.",
  ),
  problem(
    "interaction_required",
    428,
    "The tool needs a person to visit a URL first.",
    "rpc.data says which; call again after that.",
  ),
  problem(
    "internal",
    500,
    "The gateway failed; the request is not to blame.",
    "Its log says more under the requestId. Please report it.",
  ),
  problem(
    "not_supported",
    501,
    "The server does not know this method.",
    "Check the server's version and capabilities.",
  ),
  problem("task_required", 501, "The tool runs only as a task.", "Call it over MCP; REST cannot run tasks."),
  problem(
    "upstream_error",
    502,
    "The server answered with an error of its own.",
    "rpc holds its code and message; the server's documentation says more.",
  ),
  problem(
    "process_exited",
    502,
    "The server's process ended before it answered.",
    "exit holds its code or signal; the gateway's log has the last lines of its stderr. The call may have had effects.",
  ),
  problem(
    "spawn_failed",
    502,
    "The server's process could not be started.",
    "Check command, args, path and env of the server in the gateway's config; the log has the cause.",
  ),
  problem(
    "protocol_violation",
    502,
    "The server wrote something that is not MCP, or a message that is too large.",
    "Servers must write nothing but MCP to stdout; limits.messageBytes is the longest message.",
  ),
  problem(
    "unavailable",
    503,
    "The gateway is at a limit or shutting down, the session is over, or the server keeps crashing.",
    "reason and detail say which. Try again after the time in Retry-After.",
  ),
  problem(
    "call_timeout",
    504,
    "The server did not answer in time; the call was cancelled.",
    "It may have had effects. Ask for more time with ?timeoutMs= or Prefer: wait=, or raise rest.timeout.",
  ),
  problem(
    "start_timeout",
    504,
    "The server was not ready in time.",
    "A first start may include a download: try again, or raise limits.start in the gateway's config.",
  ),
]);

/** The REST code of a reason: the reason itself, or the code it shares with others. */
export function codeOf(name: string): string | undefined {
  if (PROBLEM_CODES.has(name)) return name;
  for (const [code, { reasons = {} }] of PROBLEM_CODES) if (Object.hasOwn(reasons, name)) return code;
  return undefined;
}

function problem(code: string, status: number, meaning: string, action: string): readonly [string, ProblemCode] {
  const reasons = REASONS.get(code);
  return [code, { status, meaning, action, ...(reasons !== undefined && { reasons }) }];
}
