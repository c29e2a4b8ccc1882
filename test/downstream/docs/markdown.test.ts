import { describe, expect, it } from "vitest";
import { markdown } from "../../../src/downstream/docs/markdown.ts";
import { readMarkup } from "./markup.ts";

const shown = (text: string): string => String(markdown(text, () => true)).replaceAll(/\s+/g, " ");

describe("a description", () => {
  it.each([
    ["**bold** and *soft*", "<strong>bold</strong> and <em>soft</em>"],
    ["`a < b`", "<code>a &lt; b</code>"],
    ["- one\n- two", "<ul> <li>one</li><li>two</li> </ul>"],
    ["3. three\n4. four", '<ol start="3"> <li>three</li><li>four</li> </ol>'],
    ["# Title", '<p class="title">Title</p>'],
    ["```json\n{}\n```", '<pre tabindex="0">{}</pre>'],
    ["> said", "<blockquote><p>said</p></blockquote>"],
    ["Fish &amp; Chips", "Fish &amp; Chips"],
    ["one\ntwo", "one<br />two"],
    [
      "[site](https://example.com/a?b=1&c=2)",
      '<a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">site</a>',
    ],
    ["<https://example.com>", '<a href="https://example.com" target="_blank" rel="noopener noreferrer nofollow">'],
  ])("%j is shown as Markdown", (text, expected) => {
    expect(shown(text)).toContain(expected);
  });

  it("of plain text is left as it is", () => {
    expect(shown("Says it back.")).toBe('<p class="text">Says it back.</p>');
  });

  it("that indents as Python does is no code", () => {
    expect(shown("Reads.\n\n    Args:\n        path: `where`")).not.toContain("<pre");
  });
});

describe("hostile Markdown makes no markup but ours:", () => {
  it.each([
    "<script>alert(1)</script> *x*",
    "<img src=x onerror=alert(1)> *x*",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [y](file:///etc/passwd) [z](//evil.example) [w](/docs) [v](mailto:a@b.c)",
    "![x](https://evil.example/pixel.png)",
    '[x](https://example.com/"onmouseover="alert(1))',
    "[x](<https://example.com/ onclick=alert(1)>)",
    '[x](https://example.com "title\\" onclick=alert(1)")',
    "`</code><script>alert(1)</script>`",
    "```\n</pre><script>alert(1)</script>\n```",
    "```</pre><script>\nx\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt; *x*",
    "&#60;script&#62; *x*",
    "<javascript:alert(1)> <https://evil.example/<script>>",
    "[x]\n\n[x]: javascript:alert(1)",
    "<!-- *x* -->",
    "<b>*x*</b>",
    "|a|b|\n|-|-|\n|<script>|[x](javascript:1)|",
  ])("%s", (text) => {
    const { faults, links } = readMarkup(shown(text));
    expect(faults).toEqual([]);
    expect(links.filter((link) => !/^https?:\/\//.test(link))).toEqual([]);
    expect(shown(text)).not.toMatch(/<(?:script|img|b|table)\b/);
  });

  it("an image is not loaded", () => {
    expect(shown("![x](https://evil.example/pixel.png)")).not.toContain("<img");
  });
});

describe("what would take long to read is shown as it is:", () => {
  it("a text of marks only", () => {
    expect(shown("*a ".repeat(2_000))).toMatch(/^<p class="text">\*a \*a/);
  });

  it("one for which nothing is left", () => {
    expect(String(markdown("**bold**", () => false))).toBe('<p class="text">**bold**</p>');
  });
});
