import { expect, it } from "vitest";
import { SeenTools } from "../../../src/upstream/http/seen-tools.ts";

it("the tools that a server lists say whether a call may be repeated, until another list says otherwise", () => {
  const tools = new SeenTools("x");
  const answer = (listed: readonly object[]): void => {
    const line = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: listed } });
    tools.received({ kind: "response", id: 1, failed: false, line });
  };
  const ask = (params: Readonly<Record<string, unknown>> = {}): void =>
    tools.sent({ kind: "request", id: 1, method: "tools/list", params, line: "" });
  const readOnly = { name: "a", annotations: { readOnlyHint: true } };
  // No list was asked for.
  answer([readOnly]);
  expect(tools.mayRepeat("a")).toBe(false);
  ask();
  answer([readOnly, { name: "b" }]);
  ask({ cursor: "page 2" });
  answer([{ name: "c", annotations: { idempotentHint: true } }]);
  expect(["a", "b", "c", "d"].map((name) => tools.mayRepeat(name))).toEqual([true, false, true, false]);
  ask();
  answer([{ name: "a" }]);
  ask();
  tools.received({ kind: "response", id: 1, failed: false, line: '{"jsonrpc":"2.0","id":1,"result":{"tools":[}}' });
  expect(["a", "c", undefined].map((name) => tools.mayRepeat(name))).toEqual([false, false, false]);
});
