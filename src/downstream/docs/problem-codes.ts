import { REASONS } from "./problem-reasons.ts";

export interface ProblemCode {
  readonly status: number;
  /** What happened. */
  readonly meaning: string;
  readonly why: string;
  /** What the caller or the operator can do. */
  readonly action: string;
  /** Of a code that several reasons share: what each of them means. `reason` in the problem body says which it is. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** What each `code` of a problem body means. A new code in `protocol/errors.ts` gets a line here; a test looks. */
export const PROBLEM_CODES: ReadonlyMap<string, ProblemCode> = new Map([
  problem(
    "invalid_json",
    400,
    "The body is not JSON.",
    "A comma, a quote or a brace is missing or too many, or the text is not UTF-8. A shell takes away double quotes that single quotes do not protect.",
    "Send one JSON object; check quotes and commas.",
  ),
  problem(
    "invalid_request",
    400,
    "The request is malformed: a header, a query parameter, the path or the body.",
    "A part of it is missing, stands twice, or has a value that is not understood.",
    "The detail says which part; correct it and send the request again.",
  ),
  problem(
    "session_required",
    400,
    "The call names no session.",
    "Every session has a server process of its own, so a call must say which one it belongs to.",
    "Add ?sessionId= with an id from GET /api/sessionid, or 8 to 128 letters and digits of your own.",
  ),
  problem(
    "unauthorized",
    401,
    "There are no credentials, or they are not valid.",
    "The gateway's config has auth: a token or a password is missing, mistyped, or no longer valid.",
    "Send an Authorization header; WWW-Authenticate in the answer lists the schemes that are accepted.",
  ),
  problem(
    "header_required",
    403,
    "The server needs a value of its caller that the request does not have.",
    "Its config is filled in from the caller: from a header of the request, or from what the credential says.",
    "The detail names the header or the claim; send it, or use a credential that has it.",
  ),
  problem(
    "origin_denied",
    403,
    "The request comes from a web page of another origin, or is addressed to a host name that is not served.",
    "Web pages could otherwise call the tools of their visitors: only listed origins and host names are served.",
    "List the origin under allowedOrigins or the name under allowedHosts in the gateway's config, or set publicUrl. " +
      "Without auth only addresses, names of one label and host.docker.internal need not be listed.",
  ),
  problem(
    "not_found",
    404,
    "Nothing is served at this URL.",
    "The path is mistyped, or a proxy adds a prefix to it or takes one away.",
    "Compare it with /docs or GET /api.",
  ),
  problem(
    "server_not_found",
    404,
    "No server has this name.",
    "It is mistyped, or the server is not under servers in the gateway's config.",
    "GET /api lists the servers.",
  ),
  problem(
    "tool_not_found",
    404,
    "The server has no tool of this name.",
    "It is mistyped, or the server no longer lists it: what a server offers can change, also with its own settings.",
    "GET /api/<server> lists its tools.",
  ),
  problem(
    "session_not_found",
    404,
    "The session does not exist: it ended, or it never was yours.",
    "A session ends after an idle time, with its client, or by DELETE; one caller cannot use those of another.",
    "Get a new id from GET /api/sessionid, or initialize again.",
  ),
  problem(
    "method_not_allowed",
    405,
    "The URL exists, but not for this method.",
    "Tools are called with POST and described with GET; a browser opens every URL with GET.",
    "Use one of the methods in the Allow header.",
  ),
  problem(
    "not_acceptable",
    406,
    "The answer has none of the forms that the Accept header asks for.",
    "A call can be answered as JSON, as text, as events or as an image, and an MCP stream as events only.",
    "Accept application/json; the detail lists the other forms.",
  ),
  problem(
    "in_progress",
    409,
    "A call with the same Idempotency-Key is still running.",
    "The same key means the same call: it runs once, however often it is sent.",
    "Wait and send it again: the answer of the first call is given then.",
  ),
  problem(
    "precondition_failed",
    412,
    "The file is not the one that If-Match or If-Unmodified-Since asks for.",
    "A copy that was loaded before is compared with a file that has changed since.",
    "Leave these headers out, or load the file again.",
  ),
  problem(
    "payload_too_large",
    413,
    "The body is larger than limits.bodyBytes.",
    "Bodies are held in memory, so there is a limit to them.",
    "Send less, or raise the limit in the gateway's config.",
  ),
  problem(
    "unsupported_media_type",
    415,
    "The body is not declared as JSON.",
    "Forms and plain text are what a foreign web page could send unasked, so they are not taken.",
    "Add Content-Type: application/json; curl -d sends a form unless told otherwise.",
  ),
  problem(
    "invalid_arguments",
    422,
    "The arguments do not fit the tool's schema, or an Idempotency-Key was used before with another body.",
    "An argument is missing, misspelt, or of another type: arguments are checked before the tool runs.",
    "errors[] names each place by a JSON pointer; GET /api/<server>/<tool> gives the schema.",
  ),
  problem(
    "tool_error",
    422,
    "The tool ran and reports an error.",
    "The tool itself decided that it failed: what it was asked for is not there, not allowed, or not possible.",
    "result holds what it said. By default such results come with status 200; rest.toolErrors: http makes it 422.",
  ),
  problem(
    "interaction_required",
    428,
    "The tool needs a person to visit a URL first.",
    "Some tools need a consent or a login, which only a person can give in a browser.",
    "rpc.data says which; call again after that.",
  ),
  problem(
    "internal",
    500,
    "The gateway failed; it is its fault.",
    "There is a defect in the gateway, or the system refused it something.",
    "Its log says more under the requestId. Please report it.",
  ),
  problem(
    "not_supported",
    501,
    "The server does not know this method.",
    "Not every server implements all of MCP, or it is of an older version.",
    "Check the server's version and capabilities.",
  ),
  problem(
    "task_required",
    501,
    "The tool runs only as a task.",
    "The server declares that this tool takes so long that it can only be followed as a task.",
    "Call it over MCP; REST cannot run tasks.",
  ),
  problem(
    "upstream_error",
    502,
    "The server answered with an error of its own.",
    "The server itself refused or failed; the gateway passes on what it said.",
    "rpc holds its code and message; the server's documentation says more.",
  ),
  problem(
    "upstream_unreachable",
    502,
    "The server elsewhere could not be reached, or broke off.",
    "It is down or starts again, its name or address is wrong, its certificate is not trusted, or a network is in between.",
    "The detail says what was seen. Try again; if it stays, check the url and tls of the server in the gateway's config.",
  ),
  problem(
    "upstream_unauthorized",
    502,
    "The server elsewhere does not accept the gateway's credential.",
    "The gateway has a credential of its own there, and it is missing, wrong, expired, or does not permit this.",
    "Only who runs the gateway can correct it: auth of the server in its config. Your own credential was fine.",
  ),
  problem(
    "process_exited",
    502,
    "The server's process ended before it answered.",
    "It crashed, was killed for lack of memory, or found something missing when it started: a module, a key, a file.",
    "exit holds its code or signal, the gateway's log the last words of its stderr. The call may have had effects.",
  ),
  problem(
    "spawn_failed",
    502,
    "The server's process could not be started.",
    "Its command is not installed or not on the PATH of the gateway, or its working directory does not exist.",
    "Check command, args, path and env of the server in the gateway's config; the log has the cause.",
  ),
  problem(
    "protocol_violation",
    502,
    "The server wrote something that is not MCP, or a message that is too large.",
    "Often a print or a log line that belongs on stderr.",
    "Servers must write to stdout nothing but MCP; limits.messageBytes bounds a message.",
  ),
  problem(
    "unavailable",
    503,
    "The gateway is at a limit or shutting down, the session is over, or the server is away or keeps crashing.",
    "Limits keep one caller from taking everything from all others; a shutdown lets running calls finish.",
    "reason and detail say which. Try again after the time in Retry-After.",
  ),
  problem(
    "call_timeout",
    504,
    "The server did not answer in time; the call was cancelled.",
    "The tool takes longer than the call may, or it hangs.",
    "It may have had effects. Ask for more time with ?timeoutMs= or Prefer: wait=, or raise rest.timeout.",
  ),
  problem(
    "start_timeout",
    504,
    "The server was not ready in time.",
    "npx and uvx download packages first; some servers connect to others before they answer.",
    "A first start may have to download: try again, or raise limits.start in the gateway's config.",
  ),
]);

/** Every name of an error: the codes, and the reasons that share one. */
export const PROBLEM_NAMES: readonly string[] = [...PROBLEM_CODES].flatMap(([code, { reasons = {} }]) => [
  code,
  ...Object.keys(reasons),
]);

/** The code that stands for a reason on REST: itself, or the one that it shares with others. */
export function codeOf(name: string): string | undefined {
  if (PROBLEM_CODES.has(name)) return name;
  for (const [code, { reasons = {} }] of PROBLEM_CODES) if (Object.hasOwn(reasons, name)) return code;
  return undefined;
}

type Texts = readonly [meaning: string, why: string, action: string];

function problem(code: string, status: number, ...[meaning, why, action]: Texts): readonly [string, ProblemCode] {
  const reasons = REASONS.get(code);
  return [code, { status, meaning, why, action, ...(reasons !== undefined && { reasons }) }];
}
