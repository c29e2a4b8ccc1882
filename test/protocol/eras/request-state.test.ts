import { describe, expect, it } from "vitest";
import { RequestStates, type SealedCall } from "../../../src/protocol/eras/request-state.ts";

const states = new RequestStates(Buffer.alloc(32, 1));
const call: SealedCall = {
  principal: { kind: "bearer", id: "ann" },
  server: "files",
  method: "tools/call",
  params: { name: "t", arguments: { a: 1, b: [{ c: 2, d: 3 }] }, _meta: { x: 1 } },
};
const sealed = states.seal(call, { process: "p-1", round: 3 }, 1_000);

describe("a sealed state", () => {
  it("opens for the call that it was sealed for, and its retry", () => {
    expect(states.open(call, sealed, 999)).toEqual({ process: "p-1", round: 3 });
    const params = {
      _meta: { y: 2 },
      arguments: { a: 1, b: [{ c: 2, d: 3 }] },
      name: "t",
      inputResponses: {},
      requestState: sealed,
    };
    expect(states.open({ ...call, params }, sealed, 999)).toEqual({ process: "p-1", round: 3 });
  });

  it.each<[string, Partial<SealedCall>]>([
    ["another principal", { principal: { kind: "bearer", id: "bob" } }],
    ["a principal of another kind with the same name", { principal: { kind: "basic", id: "ann" } }],
    ["another server", { server: "git" }],
    ["another method", { method: "prompts/get" }],
    ["another tool", { params: { ...call.params, name: "u" } }],
    ["other arguments", { params: { ...call.params, arguments: { a: 1, b: [{ c: 2, d: 4 }] } } }],
    ["a list instead of an object", { params: { ...call.params, arguments: [["a", 1]] } }],
    ["no arguments", { params: undefined }],
  ])("does not open for %s", (_what, other) => {
    expect(states.open({ ...call, ...other }, sealed, 999)).toBeUndefined();
  });

  const [body = "", mac = ""] = sealed.split(".");
  const later = Buffer.from(JSON.stringify(["p-1", 3, 9_999_999])).toString("base64url");
  it.each<[string, unknown]>([
    ["a later expiry", `${later}.${mac}`],
    ["no MAC", body],
    ["an empty MAC", `${body}.`],
    ["a longer MAC", `${sealed}AA`],
    ["an appendix", `${sealed}-TAMPERED`],
    ["a second point", `${sealed}.`],
    ["another spelling of the MAC", `${body}.${mac}=`],
    ["much text", "x".repeat(10_000)],
    ["nothing", ""],
    ["a number", 5],
    ["an object", { process: "p-1" }],
  ])("does not open with %s", (_what, state) => {
    expect(states.open(call, state, 999)).toBeUndefined();
  });

  it("may be sealed without an expiry", () => {
    const lasting = states.seal(call, { process: "p-1", round: 3 }, Infinity);
    expect(states.open(call, lasting, Date.now())).toEqual({ process: "p-1", round: 3 });
  });

  it("does not open when its time is over, or for another gateway", () => {
    expect(states.open(call, sealed, 1_000)).toBeUndefined();
    expect(new RequestStates(Buffer.alloc(32, 2)).open(call, sealed, 999)).toBeUndefined();
  });
});
