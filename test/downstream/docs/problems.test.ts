import { describe, expect, it } from "vitest";
import { PROBLEM_CODES } from "../../../src/downstream/docs/problem-codes.ts";
import { GatewayError, type Reason } from "../../../src/protocol/errors.ts";

// Every reason there is; the compiler says when one is missing.
const REASONS = {
  parse_error: true,
  invalid_request: true,
  session_required: true,
  unauthenticated: true,
  origin_denied: true,
  host_denied: true,
  not_found: true,
  server_not_found: true,
  tool_not_found: true,
  session_not_found: true,
  method_not_allowed: true,
  not_acceptable: true,
  call_in_progress: true,
  payload_too_large: true,
  unsupported_media_type: true,
  invalid_arguments: true,
  key_reused: true,
  tool_failed: true,
  interaction_required: true,
  internal: true,
  not_supported: true,
  task_required: true,
  server_error: true,
  server_exited: true,
  server_not_started: true,
  server_bad_message: true,
  session_ended: true,
  queue_full: true,
  too_many_bodies: true,
  too_many_sessions: true,
  too_many_starts: true,
  descriptors_exhausted: true,
  crash_loop: true,
  draining: true,
  server_timeout: true,
} as const satisfies Record<Reason, true>;

const errors = Object.keys(REASONS).map((reason) => new GatewayError(reason as Reason, ""));

describe("the explanations of problem codes", () => {
  it.each(errors.map((error) => [error.restCode, error.status] as const))(
    "has %s with its status %i",
    (code, status) => {
      expect(PROBLEM_CODES.get(code)).toMatchObject({ status });
    },
  );

  it("have no code that does not exist", () => {
    // A finer one of server_timeout, see session/.
    const known = new Set([...errors.map((error) => error.restCode), "start_timeout"]);
    expect([...PROBLEM_CODES.keys()].filter((code) => !known.has(code))).toEqual([]);
  });

  it("say something in whole sentences", () => {
    const texts = [...PROBLEM_CODES.values()].flatMap(({ meaning, action }) => [meaning, action]);
    expect(texts.filter((text) => !/^[A-Za-z].{15,}\.$/.test(text))).toEqual([]);
  });
});
