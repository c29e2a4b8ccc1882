/**
 * Everything that can go wrong, by a stable name: the HTTP status on REST and for refusals by the gateway, and the JSON-RPC
 * code in a body or on a stream. Own JSON-RPC codes are HTTP × 100, outside the range that JSON-RPC 2.0 §5.1 reserves.
 * -32001 on an unknown session is what clients key on to initialise again (MCP 2025-11-25, transports, session management).
 */
const table = {
  parse_error: { status: 400, rpc: -32700 },
  invalid_request: { status: 400, rpc: -32600 },
  session_required: { status: 400, rpc: -32600 },
  unauthenticated: { status: 401, rpc: 40100 },
  origin_denied: { status: 403, rpc: 40300 },
  host_denied: { status: 403, rpc: 40300 },
  not_found: { status: 404, rpc: 40400 },
  server_not_found: { status: 404, rpc: 40400 },
  session_not_found: { status: 404, rpc: -32001 },
  method_not_allowed: { status: 405, rpc: 40500 },
  not_acceptable: { status: 406, rpc: 40600 },
  payload_too_large: { status: 413, rpc: -32600 },
  unsupported_media_type: { status: 415, rpc: -32600 },
  internal: { status: 500, rpc: -32603 },
  server_exited: { status: 502, rpc: -32603 },
  server_not_started: { status: 502, rpc: -32603 },
  server_bad_message: { status: 502, rpc: -32603 },
  session_ended: { status: 503, rpc: -32603 },
  queue_full: { status: 503, rpc: 50300 },
  too_many_sessions: { status: 503, rpc: 50300 },
  too_many_starts: { status: 503, rpc: 50300 },
  crash_loop: { status: 503, rpc: 50300 },
  draining: { status: 503, rpc: 50300 },
  server_timeout: { status: 504, rpc: -32603 },
} as const satisfies Record<string, { status: number; rpc: number }>;

export type Reason = keyof typeof table;

export interface ErrorDetails {
  /** What really happened, for the log; never told to a caller. */
  readonly cause?: unknown;
  /** Members of `error.data` besides `reason`; told to the caller. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  /** `WWW-Authenticate` challenges (RFC 9110 §11.6.1). */
  readonly challenges?: readonly string[];
  /** `Allow` of a 405 (RFC 9110 §10.2.1). */
  readonly allow?: string;
}

/** The only error thrown on purpose. Its message is written for the caller: no internals, no secrets. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly reason: Reason;
  readonly details: ErrorDetails;

  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.details = details;
  }

  get status(): number {
    return table[this.reason].status;
  }

  get rpcCode(): number {
    return table[this.reason].rpc;
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
