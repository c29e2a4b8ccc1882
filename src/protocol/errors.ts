import type { Quota } from "./quota.ts";

interface Row {
  /** The HTTP status, on REST and when the gateway refuses a request. */
  readonly status: number;
  /** The JSON-RPC error code. The gateway's own codes are HTTP status × 100, outside the range that JSON-RPC 2.0 §5.1 reserves. */
  readonly rpc: number;
  /** The `code` on REST, shared by several reasons that the caller would handle in the same way. */
  readonly sharedCode?: string;
}

const UNAVAILABLE = { status: 503, rpc: 50300, sharedCode: "unavailable" } as const;

/**
 * Every error, by its one name: `error.data.reason` in JSON-RPC, `reason` in the log, `code` in a REST problem body. Clients
 * initialize again when an unknown session answers -32001 (MCP 2025-11-25, transports, session management).
 */
const table = {
  invalid_json: { status: 400, rpc: -32700 },
  invalid_request: { status: 400, rpc: -32600 },
  session_required: { status: 400, rpc: -32600 },
  unauthorized: { status: 401, rpc: 40100 },
  origin_denied: { status: 403, rpc: 40300 },
  forbidden: { status: 403, rpc: 40300 },
  insufficient_scope: { status: 403, rpc: 40300 },
  header_required: { status: 403, rpc: 40300 },
  host_denied: { status: 403, rpc: 40300, sharedCode: "origin_denied" },
  not_found: { status: 404, rpc: 40400 },
  server_not_found: { status: 404, rpc: 40400 },
  tool_not_found: { status: 404, rpc: 40400 },
  session_not_found: { status: 404, rpc: -32001 },
  method_not_allowed: { status: 405, rpc: 40500 },
  not_acceptable: { status: 406, rpc: 40600 },
  input_required: { status: 409, rpc: 40900 },
  in_progress: { status: 409, rpc: 40900 },
  precondition_failed: { status: 412, rpc: 41200 },
  payload_too_large: { status: 413, rpc: -32600 },
  unsupported_media_type: { status: 415, rpc: -32600 },
  invalid_envelope: { status: 400, rpc: -32602 },
  invalid_request_state: { status: 400, rpc: -32602 },
  header_mismatch: { status: 400, rpc: -32020 },
  unsupported_version: { status: 400, rpc: -32022 },
  method_not_found: { status: 404, rpc: -32601 },
  invalid_arguments: { status: 422, rpc: -32602 },
  key_reused: { status: 422, rpc: -32602, sharedCode: "invalid_arguments" },
  tool_error: { status: 422, rpc: -32603 },
  rate_limited: { status: 429, rpc: 42900 },
  too_many_failed_logins: { status: 429, rpc: 42900 },
  interaction_required: { status: 428, rpc: 42800 },
  internal: { status: 500, rpc: -32603 },
  not_supported: { status: 501, rpc: -32601 },
  task_required: { status: 501, rpc: -32601 },
  upstream_error: { status: 502, rpc: -32603 },
  upstream_unreachable: { status: 502, rpc: -32603 },
  upstream_unauthorized: { status: 502, rpc: -32603 },
  process_exited: { status: 502, rpc: -32603 },
  spawn_failed: { status: 502, rpc: -32603 },
  protocol_violation: { status: 502, rpc: -32603 },
  session_ended: { ...UNAVAILABLE, rpc: -32603 },
  queue_full: UNAVAILABLE,
  too_many_bodies: UNAVAILABLE,
  too_many_sessions: UNAVAILABLE,
  too_many_starts: UNAVAILABLE,
  descriptors_exhausted: UNAVAILABLE,
  issuer_unreachable: UNAVAILABLE,
  crash_loop: UNAVAILABLE,
  limits_unavailable: UNAVAILABLE,
  audit_unavailable: UNAVAILABLE,
  circuit_open: UNAVAILABLE,
  upstream_busy: UNAVAILABLE,
  draining: UNAVAILABLE,
  call_timeout: { status: 504, rpc: -32603 },
  start_timeout: { status: 504, rpc: -32603 },
} as const satisfies Record<string, Row>;

export type Reason = keyof typeof table;

const rows: Readonly<Record<Reason, Row>> = table;

export interface ErrorDetails {
  /** The underlying error, for the log only. */
  readonly cause?: unknown;
  /** Additional fields for the log only. */
  readonly log?: Readonly<Record<string, string>>;
  /** Members of `error.data` besides `reason`; visible to the caller. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  /** The rate limit that refuses, for the headers. */
  readonly quota?: Quota;
  /** Over MCP, every request of the refused body is answered with this error, and the HTTP status is 200. */
  readonly isAnswer?: boolean;
  /** `WWW-Authenticate` challenges (RFC 9110 §11.6.1). */
  readonly challenges?: readonly string[];
  /** Every scope that the request needs, for the challenge of `insufficient_scope` (RFC 6750 §3.1). */
  readonly scopes?: readonly string[];
  /** Credentials were presented and not accepted. */
  readonly isLoginFailure?: boolean;
  /** `Allow` of a 405 (RFC 9110 §10.2.1). */
  readonly allow?: string;
  /** The id of the JSON-RPC request that is refused, when it is known. */
  readonly rpcId?: string | number | bigint;
}

/** The only error thrown on purpose. Its message is written for the caller: no internals, no secrets. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly reason: Reason;
  readonly details: ErrorDetails;

  /** Captures no stack: a refusal is not a defect, and stack frames would keep everything they reference alive. */
  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.details = details;
  }

  get status(): number {
    return rows[this.reason].status;
  }

  get rpcCode(): number {
    return rows[this.reason].rpc;
  }

  /** The stable `code` of a REST problem body: the shared code if there is one, else the reason. */
  get restCode(): string {
    return rows[this.reason].sharedCode ?? this.reason;
  }

  get retryAfterMs(): number | undefined {
    return this.details.retryAfterMs;
  }
}

/** Any thrown value as an error that a caller may see. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError("internal", "The gateway failed to handle this request; its log says more.", {
    cause: thrown,
  });
}

/** The error of a refused request, with the JSON-RPC id of that request. */
export function refusalOf(thrown: unknown, rpcId: string | number | bigint | undefined): unknown {
  if (!(thrown instanceof GatewayError) || rpcId === undefined) return thrown;
  return new GatewayError(thrown.reason, thrown.message, { ...thrown.details, rpcId });
}
