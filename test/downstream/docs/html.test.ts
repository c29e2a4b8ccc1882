import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { html } from "../../../src/downstream/docs/html.ts";

describe("html", () => {
  it.each([
    ["a tag", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    ["the end of a double-quoted attribute", '" onload="x', "&quot; onload=&quot;x"],
    ["the end of a single-quoted attribute", "' onload='x", "&#39; onload=&#39;x"],
    ["the end of an attribute in backticks", "` onload=`x", "&#96; onload=&#96;x"],
    ["an entity", "&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["the end of a comment", "-->", "--&gt;"],
    ["a dollar pattern of replace()", "$& $1 $`", "$&amp; $1 $&#96;"],
  ])("escapes %s", (_what, text, expected) => {
    expect(String(html`<p title="${text}">${text}</p>`)).toBe(`<p title="${expected}">${expected}</p>`);
  });

  it("takes markup of its own as it is, once", () => {
    const inner = html`<b>${"<"}</b>`;
    expect(String(html`<p>${inner}${[inner, inner]}</p>`)).toBe("<p><b>&lt;</b><b>&lt;</b><b>&lt;</b></p>");
  });

  it("writes nothing for what is absent or false, and numbers as they are", () => {
    expect(String(html`${undefined}${false}${[]}|${0}|${-1.5}|${""}`)).toBe("|0|-1.5|");
  });

  it("is not fooled by an object that looks like markup", () => {
    const fake = { toString: () => "<script>" };
    // @ts-expect-error TypeScript rejects it; untrusted JSON might contain it.
    expect(() => String(html`${fake}`)).toThrow(TypeError);
  });
});

describe("the templates of the pages", () => {
  const folder = join(import.meta.dirname, "../../../src/downstream/docs");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const sources = files
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .filter((text) => text.includes("html`"));

  it("are seen by this test", () => {
    expect(sources.length).toBeGreaterThan(5);
  });

  it("put values into quoted attributes only, never into event attributes, scripts or styles", () => {
    const code = sources.map((text) => text.replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, "")).join("\n");
    expect(code.match(/[a-z]=\$\{|\son[a-z]+=|\sstyle=|srcdoc=|<script>|<style/g)).toBeNull();
  });
});
