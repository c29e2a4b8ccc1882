import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/protocol/errors.ts";
import { anonymous, gatewayItself, type Principal } from "../../src/protocol/principal.ts";
import {
  fill,
  headersIn,
  holdsCredential,
  isFillable,
  isTemplate,
  keyOf,
  type Place,
} from "../../src/upstream/templates.ts";

const ada: Principal = {
  kind: "bearer",
  id: "ada",
  client: "librechat",
  claims: { sub: "u-1", org: { id: 7 }, "https://example.com/team": "red", admin: true, list: ["x"] },
};
const caller = new Map([["x-user-id", "42"]]);

describe("a text that is filled in from a caller", () => {
  it.each([
    ["{{headers.x-user-id}}", "42"],
    ["{{headers.X-User-Id}}", "42"],
    ["{{ headers.x-user-id }}", "42"],
    ["user-{{headers.x-user-id}}-{{principal.client}}", "user-42-librechat"],
    ["{{principal.id}}", "ada"],
    ["{{claims.sub}}", "u-1"],
    ["{{claims.org.id}}", "7"],
    ["{{claims.https://example.com/team}}", "red"],
    ["{{claims.admin}}", "true"],
    ["{{headers.x-nobody:-nobody}}", "nobody"],
    ["{{principal.tenant:-none}}", "none"],
    ["{{LIBRECHAT_USER_ID}} {{ x }} {{", "{{LIBRECHAT_USER_ID}} {{ x }} {{"],
  ])("%s", (text, filled) => {
    expect(fill(text, "variable", { principal: ada, caller }, "git")).toBe(filled);
  });

  it.each<[string, Place, Record<string, string>]>([
    ["{{headers.x-nobody}}", "header", {}],
    ["{{principal.tenant}}", "header", {}],
    ["{{claims.list}}", "header", {}],
    ["{{claims.__proto__}}", "header", {}],
    ["{{headers.v}}", "header", { v: "a\r\nX-Admin: 1" }],
    ["{{headers.v}}", "variable", { v: "a\0b" }],
    ["{{headers.v}}", "argument", { v: "--config=/etc/passwd" }],
    ["--user={{headers.v}}", "argument", { v: "-x" }],
    ["/data/{{headers.v}}", "path", { v: "../other" }],
    ["/data/{{headers.v}}", "path", { v: ".." }],
    ["/data/{{headers.v}}", "path", { v: "a\\b" }],
    ["{{headers.v}}", "variable", { v: "x".repeat(1_025) }],
  ])("refuses %s as a %s of %j", (text, place, headers) => {
    const filling = (): unknown =>
      fill(text, place, { principal: ada, caller: new Map(Object.entries(headers)) }, "git");
    expect(filling).toThrow(GatewayError);
    expect(filling).toThrow(/header v|header x-nobody|principal\.tenant|claims\./);
  });

  it("is left out for the gateway itself, which lists the tools", () => {
    expect(fill("{{headers.x}}", "header", { principal: gatewayItself }, "git")).toBeUndefined();
    expect(fill("{{headers.x:-y}}", "header", { principal: gatewayItself }, "git")).toBe("y");
  });

  it("has one key for callers with the same values, and another for others", () => {
    const key = (id: string): string =>
      keyOf(["a{{headers.id}}"], { principal: anonymous, caller: new Map([["id", id]]) }, "x");
    expect(key("1")).toBe(key("1"));
    expect(key("1")).not.toBe(key("2"));
  });

  it("is told by its placeholders, which never name a credential", () => {
    expect(["{{headers.a}}", "x{{claims.sub}}"].map(isTemplate)).toEqual([true, true]);
    expect(["{{a}}", "${A}", ""].map(isTemplate)).toEqual([false, false, false]);
    expect(headersIn(["{{headers.A}}{{headers.b:-c}}", "{{claims.sub}}"])).toEqual(["a", "b"]);
    const wrong = [
      "{{headers.authorization}}",
      "{{headers.Cookie}}",
      "{{headers.x-api-key}}",
      "{{principal.kind}}",
      "{{headers.a b}}",
    ];
    expect(wrong.filter(isFillable)).toEqual([]);
    expect(["Authorization", "API-Key", "X-User-Id"].map(holdsCredential)).toEqual([true, true, false]);
  });
});
