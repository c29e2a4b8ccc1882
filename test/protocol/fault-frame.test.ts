import { expect, it } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { faultFrame } from "../../src/protocol/fault-frame.ts";

it("is the JSON-RPC error of its request", () => {
  const fault = new GatewayError("call_timeout", "Too late.");
  const frame = faultFrame("a", fault, "request-1");
  expect(frame).toMatchObject({ kind: "response", id: "a", failed: true, fault });
  expect(JSON.parse(String(frame.line))).toEqual({
    jsonrpc: "2.0",
    id: "a",
    error: { code: -32603, message: "Too late.", data: { reason: "call_timeout", requestId: "request-1" } },
  });
});
