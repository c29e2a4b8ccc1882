import { expect, it } from "vitest";
import { preferredScheme, type SecurityScheme } from "../../src/protocol/security-scheme.ts";

it.each<[SecurityScheme["kind"] | undefined, SecurityScheme[]]>([
  [
    "bearer",
    [{ kind: "basic" }, { kind: "apiKey", header: "X" }, { kind: "oidc", url: "https://idp" }, { kind: "bearer" }],
  ],
  ["oidc", [{ kind: "basic" }, { kind: "apiKey", header: "X" }, { kind: "oidc", url: "https://idp" }]],
  ["apiKey", [{ kind: "basic" }, { kind: "apiKey", header: "X" }]],
  ["basic", [{ kind: "basic" }]],
  [undefined, []],
])("%s is what most clients can be given of these", (kind, schemes) => {
  expect(preferredScheme(schemes)?.kind).toBe(kind);
});

it("of two schemes of one kind the first is given", () => {
  const keys: SecurityScheme[] = [
    { kind: "apiKey", header: "A" },
    { kind: "apiKey", header: "B" },
  ];
  expect(preferredScheme(keys)).toBe(keys[0]);
});
