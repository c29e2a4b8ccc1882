import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { basic } from "../../src/access/auth/basic.ts";

const method = basic.create({
  credentials: [
    { username: "admin", password: "correct-password" },
    { username: "colons", password: "a:b:c" },
    { username: "first", password: ":starts-with-one" },
    { username: "spaces", password: " two words " },
    { username: "grüße", password: "ü漢🎈" },
    { username: "other", password: "other-password" },
  ],
});
if (method === undefined) throw new Error("it is switched off");

const who = (authorization: string | undefined) => method.authenticate({ authorization });
const encode = (text: string): string => Buffer.from(text).toString("base64");
const header = (text: string): string => `Basic ${encode(text)}`;

describe("a caller is known by", () => {
  it.each([
    ["a plain password", header("admin:correct-password"), "admin"],
    ["a password with colons", header("colons:a:b:c"), "colons"],
    ["a password that begins with a colon", header("first::starts-with-one"), "first"],
    ["a password with spaces around it", header("spaces: two words "), "spaces"],
    ["letters of other languages", header("grüße:ü漢🎈"), "grüße"],
    ["a lower-case scheme", header("admin:correct-password").replace("Basic", "basic"), "admin"],
    ["an upper-case scheme", header("admin:correct-password").replace("Basic", "BASIC"), "admin"],
    ["several blanks after the scheme", header("admin:correct-password").replace(" ", "   "), "admin"],
  ])("%s", (_what, authorization, id) => {
    expect(who(authorization)).toEqual({ kind: "basic", id });
  });

  it("any name without a colon and any password", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    const name = text.filter((one) => !one.includes(":") && !/\p{Cc}/u.test(one));
    fc.assert(
      fc.property(name, text, (username, password) => {
        const one = basic.create({ credentials: [{ username, password }] });
        const authorization = header(`${username}:${password}`);
        expect(one?.authenticate({ authorization })).toEqual({ kind: "basic", id: username });
        expect(one?.authenticate({ authorization: header(`${username}:${password}x`) })).toBeUndefined();
      }),
    );
  });
});

describe("nobody is known by", () => {
  it.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["the scheme alone", "Basic"],
    ["the scheme and a blank", "Basic "],
    ["no scheme", encode("admin:correct-password")],
    ["another scheme", `Token ${encode("admin:correct-password")}`],
    ["a scheme that holds Basic", `NotBasicAtAll ${encode("admin:correct-password")}`],
    ["a scheme that begins with Basic", `Basics ${encode("admin:correct-password")}`],
    ["a Bearer scheme", `Bearer ${encode("admin:correct-password")}`],
    ["a blank before the scheme", ` ${header("admin:correct-password")}`],
    ["a tab after the scheme", header("admin:correct-password").replace(" ", "\t")],
    ["no blank after the scheme", header("admin:correct-password").replace(" ", "")],
    ["quotes", `Basic "${encode("admin:correct-password")}"`],
    ["a comma list", `${header("admin:correct-password")}, ${header("admin:correct-password")}`],
    ["junk after the credentials", `${header("admin:correct-password")} junk`],
    ["credentials that are not encoded", "Basic admin:correct-password"],
    ["base64url of a name that needs it", `Basic ${Buffer.from("grüße:ü漢🎈").toString("base64url")}_-`],
    ["truncated base64", header("admin:correct-password").slice(0, -6)],
    ["no colon", header("admincorrect-password")],
    ["a colon alone", header(":")],
    ["an empty name", header(":correct-password")],
    ["an empty password", header("admin:")],
    ["a wrong password", header("admin:wrong-password")],
    ["the beginning of a password", header("admin:correct-passwor")],
    ["a password and more", header("admin:correct-password-and-more")],
    ["user:password:junk", header("admin:correct-password:junk")],
    ["another case", header("ADMIN:CORRECT-PASSWORD")],
    ["another case of the name", header("Admin:correct-password")],
    ["a NUL after the password", header("admin:correct-password\0")],
    ["a NUL after the name", header("admin\0:correct-password")],
    ["a newline after the password", header("admin:correct-password\n")],
    ["another user's password", header("admin:other-password")],
    ["an unknown user", header("nobody:correct-password")],
    ["a password cut at its colon", header("colons:a")],
    ["the name null", header("null:null")],
    ["8 KB", header(`admin:${"x".repeat(8_192)}`)],
    ["invalid UTF-8", `Basic ${Buffer.from([0x61, 0x3a, 0xff, 0xfe]).toString("base64")}`],
    ["padding inside", header("admin:correct-password").replace(/(.{10})/, "$1=")],
    ["a __proto__", header("__proto__:toString")],
  ])("%s", (_what, authorization) => {
    expect(who(authorization)).toBeUndefined();
  });

  it("anything else", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map(header),
          fc.base64String().map((s) => `Basic ${s}`),
        ),
        (text) => {
          expect(who(text)).toBeUndefined();
        },
      ),
    );
  });
});

it("challenges with its realm and its charset", () => {
  expect(method.challenge({ authorization: undefined })).toBe('Basic realm="MCP Gateway", charset="UTF-8"');
});

it("is no method at all when it is disabled", () => {
  expect(basic.create({ enabled: false, credentials: [{ username: "a", password: "b" }] })).toBeUndefined();
});

describe("its config", () => {
  it.each([
    ["no credentials", {}],
    ["an empty list", { credentials: [] }],
    ["an empty name", { credentials: [{ username: "", password: "b" }] }],
    ["a name with a colon", { credentials: [{ username: "a:b", password: "c" }] }],
    ["an empty password", { credentials: [{ username: "a", password: "" }] }],
    ["no password", { credentials: [{ username: "a" }] }],
    ["an unknown key", { credentials: [{ username: "a", password: "b", pasword: "c" }] }],
  ])("cannot have %s", (_what, config) => {
    expect(basic.config.safeParse(config).success).toBe(false);
  });
});
