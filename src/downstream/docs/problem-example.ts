import { GatewayError, type ErrorDetails, type Reason } from "../../protocol/errors.ts";
import { errorLine } from "../../protocol/jsonrpc.ts";
import { problemOf } from "../rest/problem.ts";

/** What the gateway says, about a server "files" with a tool "read". */
interface Sample {
  readonly detail: string;
  readonly details?: ErrorDetails;
}

const session = { detail: "No such session; GET /api/sessionid gives an id." };
const rpc = { code: -32603, message: "disk is full" };
const errors = [{ pointer: "/path", keyword: "required", message: "must have required property 'path'" }];
const busy = { retryAfterMs: 5_000 };

const SAMPLES: Readonly<Record<Reason, Sample>> = {
  invalid_json: {
    detail: 'The body is not valid JSON: line 3, column 1 has "}" where a name in double quotes is expected.',
  },
  invalid_request: { detail: "The body must be a JSON object: the tool's arguments." },
  session_required: { detail: "Add ?sessionId=; GET /api/sessionid gives one, or choose your own." },
  unauthorized: { detail: "Credentials are required." },
  origin_denied: { detail: "Requests from the web origin https://app.example.com are not allowed." },
  header_required: { detail: 'The MCP server "files" needs the header X-User-Id of the request.' },
  host_denied: { detail: "The host name box.example is not served." },
  not_found: { detail: "Nothing is served at /api/files/read/more." },
  server_not_found: { detail: 'No such server. Did you mean "files"? GET /api lists them.' },
  tool_not_found: {
    detail: 'The server "files" has no such tool. Did you mean "read"? GET /api/files lists its tools.',
    details: { data: { didYouMean: "read" } },
  },
  session_not_found: session,
  method_not_allowed: { detail: "PUT is not allowed here.", details: { allow: "GET, POST" } },
  not_acceptable: { detail: "This is an event stream: accept text/event-stream." },
  in_progress: { detail: "A call with this Idempotency-Key is still running." },
  precondition_failed: { detail: "The file is not the one that you know." },
  payload_too_large: { detail: "The body is larger than 16777216 bytes (limits.bodyBytes)." },
  unsupported_media_type: { detail: "Send the body as Content-Type: application/json." },
  invalid_arguments: {
    detail:
      "The arguments do not fit the tool's schema at /path: must have required property 'path'. " +
      'Did you mean "path" instead of "paht"? GET /api/files/read gives the schema.',
    details: { data: { errors } },
  },
  key_reused: { detail: "This Idempotency-Key came before with another body." },
  tool_error: {
    detail: 'The tool "read" reports an error; result says which.',
    details: { data: { result: { content: [{ type: "text", text: "no such file" }], isError: true } } },
  },
  interaction_required: {
    detail: 'The server "files" refused the call of "read": a person must consent first',
    details: { data: { rpc: { code: -32042, message: "a person must consent first", data: {} } } },
  },
  internal: { detail: "The gateway failed on this request; its log says more." },
  not_supported: {
    detail: 'The server "files" refused the call of "read": Method not found',
    details: { data: { rpc: { code: -32601, message: "Method not found" } } },
  },
  task_required: { detail: 'The tool "read" runs only as a task, which REST cannot do.' },
  upstream_error: {
    detail: 'The server "files" refused the call of "read": disk is full',
    details: { data: { rpc } },
  },
  upstream_unreachable: {
    detail: 'The MCP server "files" could not be reached: nothing listens at its address.',
    details: { data: { hint: "nothing listens at its address" } },
  },
  upstream_unauthorized: {
    detail: 'The MCP server "files" does not accept the credential that it is given (servers.files.auth).',
    details: { data: { httpStatus: 401 } },
  },
  process_exited: {
    detail: 'The MCP server "files" ended (exit code 1).',
    details: { data: { exitCode: 1, signal: null } },
  },
  spawn_failed: {
    detail: 'The MCP server "files" could not be started: "uvx" was not found on PATH.',
    details: { data: { hint: '"uvx" was not found on PATH' } },
  },
  protocol_violation: { detail: 'The MCP server "files" sent a message that cannot be passed on: it is too large.' },
  session_ended: { detail: "The session ended before the answer came." },
  queue_full: { detail: "Too many calls of this session wait already.", details: busy },
  too_many_bodies: { detail: "Too many request bodies are being read.", details: busy },
  too_many_sessions: { detail: "All sessions are in use.", details: busy },
  too_many_starts: { detail: "Too many servers are starting.", details: busy },
  descriptors_exhausted: { detail: "The gateway has no room for another process.", details: busy },
  crash_loop: { detail: 'The MCP server "files" ends again and again; it is not started for a while.', details: busy },
  circuit_open: {
    detail: 'The MCP server "files" cannot be reached at the moment; it is tried again soon.',
    details: busy,
  },
  upstream_busy: { detail: 'The MCP server "files" is asked too often; try again later.', details: busy },
  draining: { detail: "The gateway is shutting down.", details: busy },
  call_timeout: { detail: 'The MCP server "files" did not answer in time (rest.timeout: 60 s).' },
  start_timeout: { detail: 'The MCP server "files" was not ready in time (limits.start: 60 s).' },
};

/** Where it is named by a caller, before a server and a tool were found. */
const WITHOUT_TOOL: readonly string[] = ["unauthorized", "origin_denied", "host_denied", "not_found"];

export interface ProblemExample {
  /** The body on REST (RFC 9457). */
  readonly problem: object;
  /** The same error on MCP routes. */
  readonly rpc: object;
}

/** What an error looks like, made as real ones are. `name` is that of an error or a code that several share. */
export function problemExample(name: string, prefix: string): ProblemExample | undefined {
  const error = sampleOf(name);
  if (error === undefined) return undefined;
  const names = WITHOUT_TOOL.includes(error.reason) ? {} : { server: "files", tool: "read" };
  const place = { requestId: "Xb3dT9mQ2wLz", ...names, accept: undefined, publicPrefix: prefix };
  return { problem: problemOf(error, place), rpc: JSON.parse(errorLine(7, error)) };
}

function sampleOf(name: string): GatewayError | undefined {
  for (const [reason, { detail, details }] of Object.entries(SAMPLES)) {
    const error = isReason(reason) ? new GatewayError(reason, detail, details) : undefined;
    if (error !== undefined && (reason === name || error.restCode === name)) return error;
  }
  return undefined;
}

const isReason = (name: string): name is Reason => Object.hasOwn(SAMPLES, name);
