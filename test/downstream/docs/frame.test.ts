import type { Request } from "express";
import { describe, expect, it } from "vitest";
import { rootFrom, wantsHtml } from "../../../src/downstream/docs/frame.ts";

describe("the way to the root", () => {
  it.each([
    ["/docs", "./"],
    ["/docs/", "../"],
    ["/problems/invalid_json", "../"],
    ["/problems/invalid_json/", "../../"],
  ])("from %s is %s", (path, root) => {
    expect(rootFrom(path)).toBe(root);
    expect(new URL(`${root}api`, `https://x.example/prefix${path}`).pathname).toBe("/prefix/api");
  });
});

describe("a person with a browser", () => {
  it.each([
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
    ["text/html", true],
    ["*/*", false],
    ["application/json", false],
    ["text/html;q=0, */*", false],
    [undefined, false],
  ])("Accept: %s → %s", (accept, expected) => {
    expect(wantsHtml({ headers: { accept } } as Request)).toBe(expected);
  });
});
