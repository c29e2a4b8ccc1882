import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, tokensOf } from "./imports.ts";

// src/README.md is the map: everything it names exists, every room is on it, and every file has a test named for it.

const root = join(import.meta.dirname, "../..");
const mapFile = join(root, "src/README.md");
const directories = directoriesWithFiles(join(root, "src"));
const sources = new Set(readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).flatMap(sourceFile));
const imports = new Map<string, readonly string[]>();

describe("the map in src/README.md", () => {
  it("is there", () => {
    expect(existsSync(mapFile), "src/README.md is missing: write the map").toBe(true);
  });

  it("names only what exists", () => {
    const named = pathsIn(map());
    expect(named, "src/README.md names no path at all").not.toEqual([]);
    expect(named.filter((path) => !exists(path))).toEqual([]);
  });

  it("names every directory of src/", () => {
    expect(directories).not.toEqual([]);
    expect(directories.filter((directory) => !isNamed(directory, map()))).toEqual([]);
  });
});

describe("the tests that src/README.md names", () => {
  const rows = testRows(map());

  it("are of files and tests that exist", () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.flatMap(({ files }) => files).filter((file) => !sources.has(file))).toEqual([]);
    expect(rows.flatMap(({ tests }) => tests).filter((test) => testsLike(test).length === 0)).toEqual([]);
  });

  it("are there for every file that has no test of its own", () => {
    expect(sources.size).toBeGreaterThan(100);
    expect(untested([...sources], rows)).toEqual([]);
  });

  it("reach the files that they stand for", () => {
    const unreached = rows.flatMap(({ files, tests }) => {
      const reached = new Set(tests.flatMap(testsLike).flatMap((test) => [...reachedBy(test)]));
      return files.filter((file) => !reached.has(file));
    });
    expect(unreached).toEqual([]);
  });

  it("would be missed by a new file, however many are named of its folder", () => {
    const row = { files: ["src/lib/clock.ts"], tests: ["test/lib/*.test.ts"] };
    expect(untested(["src/lib/clock.ts", "src/lib/units.ts", "src/lib/new.ts"], [row])).toEqual(["src/lib/new.ts"]);
    expect([...reachedBy("test/lib/units.test.ts")]).toEqual(["src/lib/units.ts"]);
  });
});

describe("the reader of the map", () => {
  it("finds rows of files and their tests, over several lines", () => {
    const text = "## Tested by\n\n```\nsrc/  a b  test/c.test.ts\nsrc/d/  e\n  test/f.test.ts test/g-*.test.ts\n```\n";
    expect(testRows(text)).toEqual([
      { files: ["src/a.ts", "src/b.ts"], tests: ["test/c.test.ts"] },
      { files: ["src/d/e.ts"], tests: ["test/f.test.ts", "test/g-*.test.ts"] },
    ]);
  });

  it("finds paths in backticks and code blocks, and nowhere else", () => {
    const text =
      "src/a.ts `src/b.ts:12`, `test/e2e/`.\n```\nsrc/c/  d.ts (lib/e.ts), https://x.test/src/y.ts\n```\nsrc/f.ts";
    expect(pathsIn(text)).toEqual(["src/b.ts", "test/e2e", "src/c", "src/lib/e.ts"]);
  });

  it("takes a path that begins with a room to be under src/", () => {
    expect(pathsIn("`lib/` `./lib/a.ts` `node:fs/promises` `tools/call` `@scope/name`")).toEqual([
      "src/lib",
      "src/lib/a.ts",
    ]);
  });

  it("leaves placeholders out", () => {
    expect(pathsIn("`src/<room>/<file>.ts` `test/<room>/` `src/…`")).toEqual([]);
  });

  it("tells what exists from what does not", () => {
    expect(["src", "test/house/map.test.ts", "test/house/*.test.ts"].filter(exists)).toHaveLength(3);
    expect(["src/nowhere", "test/house/*.mjs", "test/nowhere/*.ts"].filter(exists)).toEqual([]);
  });

  it("accepts an inner directory by its path, or by its name on its parent's line", () => {
    expect(isNamed("access/auth", "`src/access/auth/` does")).toBe(true);
    expect(isNamed("access/auth", "src/access/   gate.ts, auth/ (basic, bearer)")).toBe(true);
    expect(isNamed("access/auth", "src/access/   gate.ts, oauth/, authentic")).toBe(false);
    expect(isNamed("access/auth", "src/access/   gate.ts\nauth/")).toBe(false);
    expect(isNamed("access", "the accessible room")).toBe(false);
  });
});

interface TestRow {
  readonly files: readonly string[];
  readonly tests: readonly string[];
}

function testRows(markdown: string): TestRow[] {
  const block = /^## Tested by\n[^`]*(?:`[^`\n]+`[^`]*)*```\n([^]*?)^```/m.exec(markdown)?.[1] ?? "";
  return block.split(/^(?=src\/)/m).map((row) => {
    const [folder = "", ...words] = row.trim().split(/\s+/);
    return {
      files: words.filter((word) => !word.includes("/")).map((name) => `${folder}${name}.ts`),
      tests: words.filter((word) => word.includes("/")),
    };
  });
}

function untested(files: readonly string[], rows: readonly TestRow[]): string[] {
  const named = new Set(rows.flatMap((row) => row.files));
  const mirror = (file: string): string => file.replace(/^src\/(.*)\.ts$/, "test/$1.test.ts");
  return files.filter((file) => !named.has(file) && !existsSync(join(root, mirror(file))));
}

function testsLike(path: string): string[] {
  const folder = dirname(path);
  if (!exists(path)) return [];
  return readdirSync(join(root, folder)).flatMap((name) => {
    const file = `${folder}/${name}`;
    return matches(basename(path), name) ? [file] : [];
  });
}

/** What a test imports, transitively, including the programs it starts. */
function reachedBy(test: string): Set<string> {
  const found = new Set<string>();
  const pending = [test, ...(/helpers\/gateway|dist\//.test(read(test)) ? ENTRY_POINTS : [])];
  for (const file of pending) {
    if (found.has(file)) continue;
    found.add(file);
    pending.push(...importedBy(file));
  }
  return new Set([...found].filter((file) => file.startsWith("src/")));
}

/** The entry points of the bundle. */
const ENTRY_POINTS = ["src/main.ts", "src/upstream/reaper-main.ts", "src/downstream/rest/checks/check-thread-main.ts"];

function importedBy(file: string): readonly string[] {
  const known = imports.get(file);
  if (known !== undefined) return known;
  const text = read(file);
  const specifiers = importsOf(tokensOf(text)).flatMap(({ specifier = "" }) => specifier);
  // A separate process or thread is started by the path of its file.
  const started = [...text.matchAll(/["`]\.\/([\w-]+-main)\b/g)].map(([, name = ""]) => `./${name}.ts`);
  const found = [...specifiers, ...started].filter((one) => one.startsWith(".")).map((one) => join(dirname(file), one));
  const here = found.filter((one) => one.endsWith(".ts") && existsSync(join(root, one)));
  imports.set(file, here);
  return here;
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function map(): string {
  if (!existsSync(mapFile)) throw new Error("src/README.md is missing: write the map");
  return readFileSync(mapFile, "utf8");
}

/** Paths under src/ or test/, in backticks or code blocks, without line numbers and slashes at their ends. */
function pathsIn(markdown: string): string[] {
  const code = [...markdown.matchAll(/^(```+)[^]*?^\1|(`+)[^`][^]*?\2/gm)].map(([span]) => span).join("\n");
  const words = code.split(/[\s`,;()[\]"'│]+/).filter((word) => !/[<>{}…]|:\/\//.test(word));
  return words.flatMap((word) => {
    const path = word
      .replace(/^\.\//, "")
      .replace(/[.:]?$|:\d+$|\/$/, "")
      .replace(/[:/]$/, "");
    if (/^(?:src|test)(?:\/|$)/.test(word)) return [path];
    const looksLikeSource =
      word.includes("/") && (existsSync(join(root, "src", path.split("/")[0] ?? "")) || /\.(?:ts|mjs)$/.test(path));
    return looksLikeSource && /^[\w./*-]+$/.test(path) ? [join("src", path)] : [];
  });
}

// `*` in the last part of a path stands for anything; one match is enough.
function exists(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(root, path));
  const directory = join(root, dirname(path));
  return existsSync(directory) && readdirSync(directory).some((name) => matches(basename(path), name));
}

function matches(glob: string, name: string): boolean {
  return new RegExp(`^${glob.replaceAll(".", String.raw`\.`).replaceAll("*", ".*")}$`).test(name);
}

function isNamed(directory: string, markdown: string): boolean {
  const names = (path: string, text: string): boolean => new RegExp(`(?<![\\w-])${path}/?(?![\\w-])`).test(text);
  const [leaf, parent] = [basename(directory), dirname(directory)];
  const lines = markdown.split("\n");
  if (parent === ".") return lines.some((line) => names(`(?:src/)?${leaf}/`, line));
  return lines.some((line) => names(directory, line) || (names(parent, line) && names(`${leaf}/`, line)));
}

function sourceFile(path: string): string[] {
  return path.endsWith(".ts") ? [`src/${path.replaceAll("\\", "/")}`] : [];
}

function directoriesWithFiles(top: string): string[] {
  const entries = readdirSync(top, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile()).map((entry) => entry.parentPath.slice(top.length + 1));
  return [...new Set(found)].filter((directory) => directory !== "").toSorted();
}
