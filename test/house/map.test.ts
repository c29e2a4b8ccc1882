import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

// src/README.md is the map of the house: what it names exists, and every room is on it.

const root = join(import.meta.dirname, "../..");
const mapFile = join(root, "src/README.md");
const directories = directoriesWithFiles(join(root, "src"));

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

describe("the reader of the map", () => {
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
  const pattern = new RegExp(
    `^${basename(path)
      .replaceAll(".", String.raw`\.`)
      .replaceAll("*", ".*")}$`,
  );
  const directory = join(root, dirname(path));
  return existsSync(directory) && readdirSync(directory).some((name) => pattern.test(name));
}

function isNamed(directory: string, markdown: string): boolean {
  const names = (path: string, text: string): boolean => new RegExp(`(?<![\\w-])${path}/?(?![\\w-])`).test(text);
  const [leaf, parent] = [basename(directory), dirname(directory)];
  const lines = markdown.split("\n");
  if (parent === ".") return lines.some((line) => names(`(?:src/)?${leaf}/`, line));
  return lines.some((line) => names(directory, line) || (names(parent, line) && names(`${leaf}/`, line)));
}

function directoriesWithFiles(top: string): string[] {
  const entries = readdirSync(top, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile()).map((entry) => entry.parentPath.slice(top.length + 1));
  return [...new Set(found)].filter((directory) => directory !== "").toSorted();
}
