import * as fc from "fast-check";
import { expect, it } from "vitest";
import { principalKey, type Principal } from "../../src/protocol/principal.ts";

it("gives two principals never the same key", () => {
  const principal = fc.record<Principal>({ kind: fc.constantFrom("anonymous", "basic", "bearer"), id: fc.string() });
  fc.assert(
    fc.property(principal, principal, (a, b) => {
      const isSame = a.kind === b.kind && a.id === b.id;
      expect(principalKey(a) === principalKey(b)).toBe(isSame);
    }),
  );
});
