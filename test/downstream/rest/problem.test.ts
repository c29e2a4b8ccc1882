import { describe, expect, it } from "vitest";
import { problemAnswer, problemOf } from "../../../src/downstream/rest/problem.ts";
import { GatewayError, type ErrorDetails, type Reason } from "../../../src/protocol/errors.ts";

const place = { requestId: "r1", server: "git", tool: "log", accept: undefined };
const of = (reason: Reason, details: ErrorDetails = {}, more: object = {}) =>
  problemOf(new GatewayError(reason, "A sentence.", details), { ...place, ...more });

describe("a problem", () => {
  it("says what, where and whether to try again", () => {
    expect(of("tool_not_found")).toEqual({
      type: "/problems/tool_not_found",
      title: "Tool not found",
      status: 404,
      detail: "A sentence.",
      instance: "/requests/r1",
      code: "tool_not_found",
      requestId: "r1",
      server: "git",
      tool: "log",
      retryable: false,
    });
  });

  it("leaves out what is not known", () => {
    expect(of("unauthorized", {}, { server: undefined, tool: undefined })).not.toHaveProperty("server");
  });

  it.each(["in_progress", "queue_full", "draining", "crash_loop", "too_many_sessions", "call_timeout"] as const)(
    "of %s is worth another try",
    (reason) => {
      expect(of(reason)).toMatchObject({ retryable: true });
    },
  );

  it("has the members that its error brings", () => {
    const rpc = { code: -32603, message: "no" };
    expect(of("upstream_error", { data: { rpc } })).toMatchObject({ rpc });
  });

  it("has the name of its error as its code, and where several share a code both", () => {
    expect(of("start_timeout")).toMatchObject({ code: "start_timeout", type: "/problems/start_timeout", status: 504 });
    expect(of("start_timeout")).not.toHaveProperty("reason");
    expect(of("queue_full")).toMatchObject({
      code: "unavailable",
      reason: "queue_full",
      type: "/problems/unavailable",
      status: 503,
    });
  });

  it("shows how a server ended, with what its error tells callers of stderr", () => {
    const details = { data: { exitCode: null, signal: "SIGKILL", stderr: "last words", hint: "a hint" } };
    expect(of("process_exited", details)).toMatchObject({
      exit: { code: null, signal: "SIGKILL" },
      hint: "a hint",
      stderr: "last words",
    });
  });

  it("shows no more of a name than a person can read", () => {
    expect(of("tool_not_found", {}, { tool: "x".repeat(5_000) })).toMatchObject({ tool: "x".repeat(200) });
  });

  it("never shows its cause", () => {
    expect(JSON.stringify(of("internal", { cause: new Error("a secret") }))).not.toContain("a secret");
  });
});

describe("the body of a problem", () => {
  it.each([
    [undefined, "application/problem+json"],
    ["*/*", "application/problem+json"],
    ["application/*", "application/problem+json"],
    ["application/json, application/problem+json", "application/problem+json"],
    ["application/json", "application/json"],
    ["text/event-stream", "application/json"],
    ["application/problem+json;q=0, */*", "application/json"],
  ])("for Accept: %s is %s", (accept, type) => {
    const { status, headers, body } = problemAnswer(new GatewayError("internal", "A sentence."), { ...place, accept });
    expect({ status, headers }).toEqual({ status: 500, headers: { "Content-Type": type } });
    expect(JSON.parse(body.toString())).toMatchObject({ code: "internal", status: 500 });
  });
});
