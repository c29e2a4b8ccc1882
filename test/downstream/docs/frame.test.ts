import { describe, expect, it } from "vitest";
import { rootFrom } from "../../../src/downstream/docs/frame.ts";

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
