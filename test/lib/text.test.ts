import { describe, expect, it } from "vitest";
import { clip } from "../../src/lib/text.ts";

describe("clip", () => {
  it("leaves short text alone and cuts long text between words", () => {
    expect(clip("one two", 7)).toBe("one two");
    expect(clip("one two three", 10)).toBe("one two…");
  });

  it("cuts inside a word that is the whole text, but not inside a character", () => {
    expect(clip("x".repeat(20), 10)).toBe(`${"x".repeat(9)}…`);
    expect(clip("😀😀😀", 4)).toBe("😀…");
  });
});
