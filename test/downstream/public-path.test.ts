import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { publicPrefix } from "../../src/downstream/public-path.ts";
import { inTime } from "../helpers/in-time.ts";

const prefixOf = (forwarded: string | string[] | undefined, publicPath?: string): string => {
  const request = new IncomingMessage(new Socket());
  if (forwarded !== undefined) request.headers["x-forwarded-prefix"] = forwarded;
  return publicPrefix(request, publicPath);
};

it("is the path of publicUrl, whatever a proxy says", () => {
  expect(prefixOf("/other", "/gateway")).toBe("/gateway");
  expect(prefixOf("/other", "")).toBe("");
  expect(prefixOf(undefined, "/a/b")).toBe("/a/b");
});

it("is empty when neither is set", () => {
  expect(prefixOf(undefined)).toBe("");
});

describe("without publicUrl it is what a proxy says:", () => {
  it.each([
    ["/gateway", "/gateway"],
    ["/gateway/", "/gateway"],
    ["/a/b-c_d.e~f", "/a/b-c_d.e~f"],
  ])("%s", (forwarded, expected) => {
    expect(prefixOf(forwarded)).toBe(expected);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "gateway",
    "/",
    "",
    "/a//b",
    "/a b",
    "/a?b",
    "/a#b",
    "/a%0ab",
    "/a\nevent: x",
    "/a, /b",
    "/ü",
    "/<script>",
  ])("but not %j, which could lead elsewhere", (forwarded) => {
    expect(prefixOf(forwarded)).toBe("");
  });

  it("but not when two proxies say different things", () => {
    expect(prefixOf(["/a", "/b"])).toBe("");
  });
});

it.each(["/", "/a", "/aaaaaaaaaa", "a"])("is decided for any length of %j, one after the other", (part) => {
  expect(inTime(() => prefixOf(`${part.repeat(50_000)}!`))).toBe("");
});
