import { describe, expect, it } from "vitest";
import { codeOf, PROBLEM_CODES } from "../../../src/downstream/docs/problem-codes.ts";
import { problemExample } from "../../../src/downstream/docs/problem-example.ts";
import { REASON_TEXTS } from "../../../src/downstream/docs/problem-reasons.ts";
import { GatewayError, type Reason } from "../../../src/protocol/errors.ts";

// Every reason; the compiler reports a missing one.
const REASONS = {
  invalid_json: true,
  invalid_request: true,
  session_required: true,
  unauthorized: true,
  origin_denied: true,
  header_required: true,
  host_denied: true,
  not_found: true,
  server_not_found: true,
  tool_not_found: true,
  session_not_found: true,
  method_not_allowed: true,
  not_acceptable: true,
  in_progress: true,
  precondition_failed: true,
  payload_too_large: true,
  unsupported_media_type: true,
  invalid_arguments: true,
  key_reused: true,
  tool_error: true,
  interaction_required: true,
  internal: true,
  not_supported: true,
  task_required: true,
  upstream_error: true,
  upstream_unreachable: true,
  upstream_unauthorized: true,
  process_exited: true,
  spawn_failed: true,
  protocol_violation: true,
  session_ended: true,
  circuit_open: true,
  upstream_busy: true,
  queue_full: true,
  too_many_bodies: true,
  too_many_sessions: true,
  too_many_starts: true,
  descriptors_exhausted: true,
  crash_loop: true,
  draining: true,
  call_timeout: true,
  start_timeout: true,
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
    const known = new Set(errors.map((error) => error.restCode));
    expect([...PROBLEM_CODES.keys()].filter((code) => !known.has(code))).toEqual([]);
  });

  it("say of each reason that shares a code what it means, and of no other", () => {
    const sharing = errors.filter(({ reason, restCode }) => reason !== restCode);
    const explained = [...PROBLEM_CODES].flatMap(([code, { reasons = {} }]) =>
      Object.keys(reasons).map((reason) => `${reason} is ${code}`),
    );
    expect(explained.toSorted()).toEqual(sharing.map(({ reason, restCode }) => `${reason} is ${restCode}`).toSorted());
  });

  it("are found by every name of an error", () => {
    expect(errors.map(({ reason }) => codeOf(reason))).toEqual(errors.map(({ restCode }) => restCode));
    expect([codeOf("nope"), codeOf("constructor"), codeOf("")]).toEqual([undefined, undefined, undefined]);
  });

  it("have an example of every name, made as real bodies are", () => {
    for (const { reason, restCode, status } of errors) {
      expect(problemExample(reason, "/x")).toMatchObject({
        problem: { code: restCode, status, type: `/x/problems/${restCode}`, ...(reason !== restCode && { reason }) },
        rpc: { error: { data: { reason } } },
      });
      expect(problemExample(restCode, "")).toMatchObject({ problem: { code: restCode } });
    }
    expect(problemExample("nope", "")).toBeUndefined();
  });

  it("say of each reason that shares a code why it happens and what to do", () => {
    const sharing = errors.filter(({ reason, restCode }) => reason !== restCode).map(({ reason }) => reason);
    expect([...REASON_TEXTS.keys()].toSorted()).toEqual(sharing.toSorted());
    expect([...REASON_TEXTS.values()].flat().filter((text) => !/^[A-Za-z].{15,}\.$/.test(text))).toEqual([]);
  });

  it("say something in whole sentences", () => {
    const texts = [...PROBLEM_CODES.values()].flatMap(({ meaning, why, action, reasons = {} }) => [
      meaning,
      why,
      action,
      ...Object.values(reasons),
    ]);
    expect(texts.filter((text) => !/^[A-Za-z].{15,}\.$/.test(text))).toEqual([]);
  });
});
