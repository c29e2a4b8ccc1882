import { describe, expect, it } from "vitest";
import { GatewayError, toGatewayError, type Reason } from "../../src/protocol/errors.ts";

const TABLE: readonly (readonly [Reason, number, number])[] = [
  ["invalid_json", 400, -32700],
  ["invalid_request", 400, -32600],
  ["session_required", 400, -32600],
  ["unauthorized", 401, 40100],
  ["origin_denied", 403, 40300],
  ["host_denied", 403, 40300],
  ["forbidden", 403, 40300],
  ["insufficient_scope", 403, 40300],
  ["not_found", 404, 40400],
  ["server_not_found", 404, 40400],
  ["session_not_found", 404, -32001],
  ["method_not_allowed", 405, 40500],
  ["not_acceptable", 406, 40600],
  ["precondition_failed", 412, 41200],
  ["payload_too_large", 413, -32600],
  ["unsupported_media_type", 415, -32600],
  ["internal", 500, -32603],
  ["process_exited", 502, -32603],
  ["spawn_failed", 502, -32603],
  ["protocol_violation", 502, -32603],
  ["queue_full", 503, 50300],
  ["too_many_bodies", 503, 50300],
  ["too_many_sessions", 503, 50300],
  ["too_many_starts", 503, 50300],
  ["crash_loop", 503, 50300],
  ["draining", 503, 50300],
  ["call_timeout", 504, -32603],
  ["start_timeout", 504, -32603],
];

it.each(TABLE)("%s is HTTP %d and JSON-RPC %d", (reason, status, rpcCode) => {
  expect(new GatewayError(reason, "text")).toMatchObject({ reason, status, rpcCode });
});

it.each([
  ["process_exited", "process_exited"],
  ["start_timeout", "start_timeout"],
  ["host_denied", "origin_denied"],
  ["key_reused", "invalid_arguments"],
  ["queue_full", "unavailable"],
  ["session_ended", "unavailable"],
] as const)("%s has the code %s on REST", (reason, restCode) => {
  expect(new GatewayError(reason, "text")).toMatchObject({ restCode });
});

it("uses no code that JSON-RPC reserves for others, but the one that clients key on", () => {
  const reserved = TABLE.map(([, , rpc]) => rpc).filter((rpc) => rpc >= -32_099 && rpc <= -32_000);
  expect(reserved).toEqual([-32_001]);
});

describe("anything thrown", () => {
  it("stays what it is when it is a refusal", () => {
    const error = new GatewayError("draining", "text", { retryAfterMs: 5 });
    expect(toGatewayError(error)).toBe(error);
  });

  it.each([
    ["an error", new Error("/etc/secret: EACCES")],
    ["a text", "/etc/secret"],
    ["nothing", undefined],
    ["null", null],
  ])("is an internal error to a caller, who learns nothing of it, when it is %s", (_what, thrown) => {
    const error = toGatewayError(thrown);
    expect(error).toMatchObject({ reason: "internal", status: 500, cause: thrown });
    expect(error.message).not.toContain("/etc/secret");
  });
});

it("an error for a caller has no stack, and leaves those of others alone", () => {
  expect(new GatewayError("not_found", "Nothing is here.").stack).toBe("GatewayError: Nothing is here.");
  expect(new Error("a defect").stack).toContain("errors.test.ts");
});
