import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearer } from "../../src/access/auth/bearer.ts";
import type { Principal } from "../../src/protocol/principal.ts";
import { strategyRunner, type HeadersOnly, type Verdict } from "../../src/access/auth/strategy.ts";

const TOKEN = "first-token.with~all+kinds/of_letters==";
const SECOND = "second-token";

const method = bearer.create({ tokens: [TOKEN, SECOND] });
if (method === undefined) throw new Error("it is switched off");

function who(authorization: string | undefined): Principal | undefined {
  const found = method?.authenticate({ authorization });
  if (found instanceof Promise || (found !== undefined && "rejected" in found))
    throw new Error("a static token is known at once");
  return found;
}

describe("a caller is known by", () => {
  it.each([
    ["a token", `Bearer ${TOKEN}`],
    ["a lower-case scheme", `bearer ${TOKEN}`],
    ["an upper-case scheme", `BEARER ${TOKEN}`],
    ["the second token", `Bearer ${SECOND}`],
  ])("%s", (_what, authorization) => {
    expect(who(authorization)).toMatchObject({ kind: "bearer" });
  });

  it("a name that is stable, differs between tokens, and reveals neither", () => {
    const [first, again, second] = [TOKEN, TOKEN, SECOND].map((token) => who(`Bearer ${token}`)?.id);
    expect(first).toBe(again);
    expect(first).not.toBe(second);
    expect(`${first} ${second}`).not.toMatch(/first|second|token/);
  });
});

describe("nobody is known by", () => {
  it.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["the scheme alone", "Bearer"],
    ["the scheme and a blank", "Bearer "],
    ["the token alone", TOKEN],
    ["another scheme", `Token ${TOKEN}`],
    ["an Api-Key scheme", `Api-Key ${TOKEN}`],
    ["a scheme that ends in Bearer", `NotBearer ${TOKEN}`],
    ["a scheme that begins with Bearer", `Bearers ${TOKEN}`],
    ["a Basic scheme", `Basic ${TOKEN}`],
    ["the token as a user", `Basic ${Buffer.from(`${TOKEN}:`).toString("base64")}`],
    ["the beginning of a token", `Bearer ${TOKEN.slice(0, -1)}`],
    ["a token and more", `Bearer ${TOKEN}x`],
    ["two tokens in one", `Bearer ${TOKEN}${SECOND}`],
    ["another case", `Bearer ${TOKEN.toUpperCase()}`],
    ["double quotes", `Bearer "${TOKEN}"`],
    ["single quotes", `Bearer '${TOKEN}'`],
    ["null", "Bearer null"],
    ["undefined", "Bearer undefined"],
    ["an empty token", "Bearer  "],
    ["a comma list", `Bearer ${TOKEN}, Bearer ${SECOND}`],
    ["a comma list of tokens", `Bearer ${TOKEN},${SECOND}`],
    ["a parameter", `Bearer token=${TOKEN}`],
    ["8 KB", `Bearer ${"x".repeat(8_192)}`],
    ["a blank before the scheme", ` Bearer ${TOKEN}`],
    ["junk after the token", `Bearer ${TOKEN} junk`],
    ["a tab after the scheme", `Bearer\t${TOKEN}`],
    ["a colon after the scheme", `Bearer: ${TOKEN}`],
    ["the scheme twice", `Bearer Bearer ${TOKEN}`],
    ["a NUL", `Bearer ${TOKEN}\0`],
    ["a newline", `Bearer ${TOKEN}\n`],
    ["its fingerprint", `Bearer ${who(`Bearer ${TOKEN}`)?.id}`],
    ["a member of every object", "Bearer __proto__"],
    ["a pattern", "Bearer .*"],
  ])("%s", (_what, authorization) => {
    expect(who(authorization)).toBeUndefined();
  });

  it("anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `Bearer ${text}`),
        ),
        (text) => {
          expect(who(text)).toBeUndefined();
        },
      ),
    );
  });
});

describe("a strategy", () => {
  it("sees the Authorization header and nothing else of a request", () => {
    const seen: unknown[] = [];
    const spy = { authenticate: (request: HeadersOnly) => seen.push(request) };
    strategyRunner(spy)("Bearer x");
    expect(seen).toEqual([{ headers: { authorization: "Bearer x" } }]);
  });

  it("is run on a copy of itself, and keeps no state between attempts", () => {
    const strategy = {
      authenticate(this: Verdict, { headers }: HeadersOnly) {
        if (headers.authorization === "good") this.success({ kind: "bearer", id: "x" });
        else this.fail();
      },
    };
    const run = strategyRunner(strategy);
    expect(run("good")).toEqual({ kind: "bearer", id: "x" });
    expect(run("bad")).toBeUndefined();
    expect(run("good")).toEqual({ kind: "bearer", id: "x" });
    expect(Object.keys(strategy)).toEqual(["authenticate"]);
  });

  it("throws when it reports an error", () => {
    const strategy = {
      authenticate(this: Verdict) {
        this.error(new Error("the store is down"));
      },
    };
    expect(() => strategyRunner(strategy)("x")).toThrow("the store is down");
  });
});

describe("its challenge", () => {
  it.each([undefined, "", "Bearer", "Bearer ", "Basic x", "NotBearer x", "x Bearer y"])(
    "has its realm and no error for who sent no token: %j",
    (authorization) => {
      expect(method.challenge({ authorization })).toBe('Bearer realm="MCP Gateway"');
    },
  );

  it.each(["Bearer x", "bearer x", "Bearer  x y", `Bearer "${TOKEN}"`])(
    "says invalid_token to who sent one: %j",
    (authorization) => {
      expect(method.challenge({ authorization })).toMatch(/^Bearer realm="MCP Gateway", error="invalid_token", /);
    },
  );
});

it("is no method at all when it is disabled", () => {
  expect(bearer.create({ enabled: false, tokens: [TOKEN] })).toBeUndefined();
});

describe("its config", () => {
  it.each([
    ["no tokens", {}],
    ["an empty list", { tokens: [] }],
    ["an empty token", { tokens: [""] }],
    ["a token with a blank", { tokens: ["a b"] }],
    ["a token with a newline", { tokens: ["a\n"] }],
    ["a token that is no ASCII", { tokens: ["ü"] }],
    ["one text", { tokens: "a" }],
  ])("cannot have %s", (_what, config) => {
    expect(bearer.config.safeParse(config).success).toBe(false);
  });
});
