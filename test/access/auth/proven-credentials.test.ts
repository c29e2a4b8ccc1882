import { describe, expect, it } from "vitest";
import { ProvenCredentials } from "../../../src/access/auth/proven-credentials.ts";
import type { Principal } from "../../../src/protocol/principal.ts";

const ann: Principal = { kind: "bearer", id: "ann" };
const bob: Principal = { kind: "bearer", id: "bob" };

function asked(): { readonly proven: ProvenCredentials; readonly looked: string[] } {
  const looked: string[] = [];
  const known = new Map([
    ["token-a", ann],
    ["token-b", bob],
  ]);
  const find = (credential: string): Principal | undefined => {
    looked.push(credential);
    return known.get(credential);
  };
  return { proven: new ProvenCredentials(find), looked };
}

describe("a credential that was right on a connection", () => {
  it("is not looked for again on that one", () => {
    const { proven, looked } = asked();
    const connection = {};
    for (let request = 0; request < 3; request++) expect(proven.principalOf("token-a", { connection })).toBe(ann);
    expect(looked).toEqual(["token-a"]);
  });

  it("says nothing of another connection, or of none", () => {
    const { proven, looked } = asked();
    for (const connection of [{}, {}, undefined, undefined]) {
      expect(proven.principalOf("token-a", { connection })).toBe(ann);
    }
    expect(looked).toHaveLength(4);
  });

  it("is not another caller's who shares the connection", () => {
    const { proven } = asked();
    const connection = {};
    for (const [credential, whose] of [
      ["token-a", ann],
      ["token-b", bob],
      ["token-", undefined],
      ["token-c", undefined],
      ["token-bb", undefined],
      ["", undefined],
      ["token-b", bob],
      ["token-a", ann],
    ] as const) {
      expect(proven.principalOf(credential, { connection })).toBe(whose);
    }
  });
});

it("a wrong credential is looked for each time", () => {
  const { proven, looked } = asked();
  const connection = {};
  for (let request = 0; request < 2; request++) expect(proven.principalOf("wrong", { connection })).toBeUndefined();
  expect(looked).toEqual(["wrong", "wrong"]);
});
