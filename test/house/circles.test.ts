import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, tokensOf } from "./imports.ts";

// Files that import each other, even for a type only, can only be read, moved and tested together. What both need belongs in a third file.

describe("the source", () => {
  it("has no circle of files", () => {
    const source = readSource(join(import.meta.dirname, "../../src"));
    expect(source.size).toBeGreaterThan(100);
    expect(circlesIn(source)).toEqual([]);
  });
});

describe("a planted circle is found:", () => {
  it.each([
    [
      "of two files",
      { "a.ts": 'import { b } from "./b.ts";', "b.ts": 'import { a } from "./a.ts";' },
      ["a.ts → b.ts → a.ts"],
    ],
    [
      "of types alone",
      { "a.ts": 'import type { B } from "./b.ts";', "b.ts": 'export type { A } from "./a.ts";' },
      ["a.ts → b.ts → a.ts"],
    ],
    [
      "of three files in two rooms",
      { "x/a.ts": 'import "./b.ts";', "x/b.ts": 'import "../y/c.ts";', "y/c.ts": 'import "../x/a.ts";' },
      ["x/a.ts → x/b.ts → y/c.ts → x/a.ts"],
    ],
    ["of a file with itself", { "a.ts": 'import { a } from "./a.ts";' }, ["a.ts → a.ts"]],
    [
      "through an import that is made late",
      { "a.ts": 'await import("./b.ts");', "b.ts": 'import "./a.ts";' },
      ["a.ts → b.ts → a.ts"],
    ],
    [
      "behind a way in, once",
      { "a.ts": 'import "./b.ts"; import "./c.ts";', "b.ts": 'import "./c.ts";', "c.ts": 'import "./b.ts";' },
      ["b.ts → c.ts → b.ts"],
    ],
  ])("%s", (_what, files, circles) => {
    expect(circlesIn(new Map(Object.entries(files)))).toEqual(circles);
  });

  it("but not where two ways lead to the same file", () => {
    const files = {
      "a.ts": 'import "./b.ts"; import "./c.ts";',
      "b.ts": 'import "./d.ts";',
      "c.ts": 'import "./d.ts";',
      "d.ts": "",
    };
    expect(circlesIn(new Map(Object.entries(files)))).toEqual([]);
  });
});

/** Each circle as its path. Depth-first: an import of a file that is still being visited closes a circle. */
function circlesIn(files: ReadonlyMap<string, string>): string[] {
  const circles: string[] = [];
  const visited = new Set<string>();
  const way: string[] = [];

  const visit = (file: string): void => {
    const at = way.indexOf(file);
    if (at !== -1) circles.push([...way.slice(at), file].join(" → "));
    if (visited.has(file)) return;
    visited.add(file);
    way.push(file);
    for (const next of filesImportedBy(file, files.get(file) ?? "")) if (files.has(next)) visit(next);
    way.pop();
  };

  for (const file of files.keys()) visit(file);
  return circles;
}

function filesImportedBy(file: string, text: string): string[] {
  const inside = importsOf(tokensOf(text)).filter(({ specifier }) => specifier?.startsWith("."));
  return inside.map(({ specifier = "" }) => posix.join(posix.dirname(file), specifier));
}

function readSource(root: string): ReadonlyMap<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return new Map(files.toSorted().map((file) => [file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")]));
}
