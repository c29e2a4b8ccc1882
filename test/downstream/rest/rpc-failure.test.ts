import { expect, it } from "vitest";
import { rpcFailure } from "../../../src/downstream/rest/rpc-failure.ts";
import { GatewayError } from "../../../src/protocol/errors.ts";

const failure = (error: object): GatewayError =>
  rpcFailure(
    { kind: "response", id: 1, failed: true, line: JSON.stringify({ jsonrpc: "2.0", id: 1, error }) },
    "git",
    "log",
  );

it.each([
  [-32602, 422, "invalid_arguments"],
  [-32601, 501, "not_supported"],
  [-32042, 428, "interaction_required"],
  [-32603, 502, "upstream_error"],
  [-32700, 502, "upstream_error"],
  [-32000, 502, "upstream_error"],
  [-32099, 502, "upstream_error"],
  [0, 502, "upstream_error"],
])("the server's error %i is a %i, %s", (code, status, restCode) => {
  expect(failure({ code, message: "no" })).toMatchObject({ status, restCode });
});

it("the server's error is shown whole, and its message in the sentence is short", () => {
  const error = { code: -32603, message: "x".repeat(10_000), data: { a: [1] } };
  const { message, details } = failure(error);
  expect(details.data).toEqual({ rpc: error });
  expect(message.length).toBeLessThan(1_000);
});

it("a failure that the gateway knows itself is that one", () => {
  const fault = new GatewayError("process_exited", "It ended.");
  expect(rpcFailure({ kind: "response", id: 1, failed: true, line: "{}", fault }, "git", "log")).toBe(fault);
});
