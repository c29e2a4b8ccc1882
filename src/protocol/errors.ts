/**
 * Everything that can go wrong, by a stable name: the HTTP status on REST and for refusals by the gateway, the JSON-RPC code in
 * a body or on a stream, and the `code` of a REST problem body. Own JSON-RPC codes are HTTP × 100, outside the range that JSON-RPC 2.0 §5.1 reserves.
 * -32001 on an unknown session is what clients key on to initialise again (MCP 2025-11-25, transports, session management).
 */
const table = {
  parse_error: { status: 400, rpc: -32700, code: "invalid_json" },
  invalid_request: { status: 400, rpc: -32600, code: "invalid_request" },
  session_required: { status: 400, rpc: -32600, code: "session_required" },
  unauthenticated: { status: 401, rpc: 40100, code: "unauthorized" },
  origin_denied: { status: 403, rpc: 40300, code: "origin_denied" },
  host_denied: { status: 403, rpc: 40300, code: "origin_denied" },
  not_found: { status: 404, rpc: 40400, code: "not_found" },
  server_not_found: { status: 404, rpc: 40400, code: "server_not_found" },
  tool_not_found: { status: 404, rpc: 40400, code: "tool_not_found" },
  session_not_found: { status: 404, rpc: -32001, code: "session_not_found" },
  method_not_allowed: { status: 405, rpc: 40500, code: "method_not_allowed" },
  not_acceptable: { status: 406, rpc: 40600, code: "not_acceptable" },
  call_in_progress: { status: 409, rpc: 40900, code: "in_progress" },
  payload_too_large: { status: 413, rpc: -32600, code: "payload_too_large" },
  unsupported_media_type: { status: 415, rpc: -32600, code: "unsupported_media_type" },
  invalid_arguments: { status: 422, rpc: -32602, code: "invalid_arguments" },
  key_reused: { status: 422, rpc: -32602, code: "invalid_arguments" },
  tool_failed: { status: 422, rpc: -32603, code: "tool_error" },
  interaction_required: { status: 428, rpc: 42800, code: "interaction_required" },
  internal: { status: 500, rpc: -32603, code: "internal" },
  not_supported: { status: 501, rpc: -32601, code: "not_supported" },
  task_required: { status: 501, rpc: -32601, code: "task_required" },
  server_error: { status: 502, rpc: -32603, code: "upstream_error" },
  server_exited: { status: 502, rpc: -32603, code: "process_exited" },
  server_not_started: { status: 502, rpc: -32603, code: "spawn_failed" },
  server_bad_message: { status: 502, rpc: -32603, code: "protocol_violation" },
  session_ended: { status: 503, rpc: -32603, code: "unavailable" },
  queue_full: { status: 503, rpc: 50300, code: "unavailable" },
  too_many_bodies: { status: 503, rpc: 50300, code: "unavailable" },
  too_many_sessions: { status: 503, rpc: 50300, code: "unavailable" },
  too_many_starts: { status: 503, rpc: 50300, code: "unavailable" },
  descriptors_exhausted: { status: 503, rpc: 50300, code: "unavailable" },
  crash_loop: { status: 503, rpc: 50300, code: "unavailable" },
  draining: { status: 503, rpc: 50300, code: "unavailable" },
  server_timeout: { status: 504, rpc: -32603, code: "call_timeout" },
} as const satisfies Record<string, { status: number; rpc: number; code: string }>;

export type Reason = keyof typeof table;

export interface ErrorDetails {
  /** What really happened, for the log; never told to a caller. */
  readonly cause?: unknown;
  /** What the log says besides; never told to a caller. */
  readonly log?: Readonly<Record<string, string>>;
  /** Members of `error.data` besides `reason`; told to the caller. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  /** `WWW-Authenticate` challenges (RFC 9110 §11.6.1). */
  readonly challenges?: readonly string[];
  /** `Allow` of a 405 (RFC 9110 §10.2.1). */
  readonly allow?: string;
  /** The JSON-RPC request that is refused, where it is known. */
  readonly rpcId?: string | number | bigint;
  /** A finer `code` for REST than the table has. */
  readonly code?: string;
}

/** The only error thrown on purpose. Its message is written for the caller: no internals, no secrets. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly reason: Reason;
  readonly details: ErrorDetails;

  /** Without a stack: an answer to a caller is no defect, and the frames of a stack keep all alive that was at work in them. */
  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.details = details;
  }

  get status(): number {
    return table[this.reason].status;
  }

  get rpcCode(): number {
    return table[this.reason].rpc;
  }

  /** The stable `code` of a REST problem body. */
  get restCode(): string {
    return this.details.code ?? table[this.reason].code;
  }

  get retryAfterMs(): number | undefined {
    return this.details.retryAfterMs;
  }
}

/** Anything thrown, as the error a caller may see. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError("internal", "The gateway failed on this request; its log says more.", { cause: thrown });
}

/** The error of a request that is refused, with the id that its caller waits for. */
export function refusalOf(thrown: unknown, rpcId: string | number | bigint | undefined): unknown {
  if (!(thrown instanceof GatewayError) || rpcId === undefined) return thrown;
  return new GatewayError(thrown.reason, thrown.message, { ...thrown.details, rpcId });
}
