import { describe, expect, it } from "vitest";
import { problemAnswer, problemOf } from "../../../src/downstream/rest/problem.ts";
import { GatewayError, type ErrorDetails, type Reason } from "../../../src/protocol/errors.ts";

const place = { requestId: "r1", server: "git", tool: "log", accept: undefined, exposeStderr: false };
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
    expect(of("unauthenticated", {}, { server: undefined, tool: undefined })).not.toHaveProperty("server");
  });

  it.each(["call_in_progress", "queue_full", "draining", "crash_loop", "too_many_sessions", "server_timeout"] as const)(
    "of %s is worth another try",
    (reason) => {
      expect(of(reason)).toMatchObject({ retryable: true });
    },
  );

  it("has the members that its error brings, and a finer code where there is one", () => {
    const rpc = { code: -32603, message: "no" };
    expect(of("server_error", { data: { rpc } })).toMatchObject({ rpc });
    expect(of("server_timeout", { code: "start_timeout" })).toMatchObject({
      code: "start_timeout",
      type: "/problems/start_timeout",
      status: 504,
    });
  });

  it("shows how a server ended, and its stderr only where that is allowed", () => {
    const details = { data: { exitCode: null, signal: "SIGKILL", stderr: "a secret", hint: "a hint" } };
    expect(of("server_exited", details)).toMatchObject({ exit: { code: null, signal: "SIGKILL" }, hint: "a hint" });
    expect(JSON.stringify(of("server_exited", details))).not.toContain("a secret");
    expect(of("server_exited", details, { exposeStderr: true })).toMatchObject({ stderr: "a secret" });
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
