import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tokensOf } from "./imports.ts";

// Names and comments use the terms of the field, so that a newcomer understands them at first reading.

const root = join(import.meta.dirname, "../..");

/** Words that must not be part of an identifier or of a comment in src/, each with the term to use instead. */
const RETIRED: ReadonlyMap<string, string> = new Map([
  ["aside", "annotation"],
  ["backend", "upstream"],
  ["born", "startedAt or createdAt"],
  ["crowd", "the thing that is counted"],
  ["dear", "expensive"],
  ["ears", "listener"],
  ["face", "downstream"],
  ["hopeless", "over its limit"],
  ["knock", "request"],
  ["purse", "budget"],
  ["stranger", "untrusted or unauthenticated"],
  ["strangers", "untrusted or unauthenticated"],
  ["twin", "duplicate"],
  ["twins", "duplicates"],
  ["whoever", "the caller, the owner, …"],
]);

/** Keys of the config are spelled as other gateways have them. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([["backend", "src/access/limits/"]]);

/** A type is named by a noun: these alone say what was done to a thing, not what it is. */
const PARTICIPLES = new Set(
  "Adapted Asked Begun Described Documented Expected Given Heard Held Hoisted Kept Known Listed Placed Sent Started Told Wanted".split(
    " ",
  ),
);

/** Working papers and ticket ids, which a reader of the repository cannot look up. CWE and the like are public. */
const ELSEWHERE = /\bresearch\/|\b(?:design|requirements)\.md\b|\b(?!(?:CWE|ISO|RFC|SHA|UTF)-)[A-Z]{3}-\d+\b/g;

const tracked = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\0")
  .filter((file) => file !== "" && existsSync(join(root, file)) && statSync(join(root, file)).isFile());
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = tracked.filter((file) => /^src\/.*\.ts$/.test(file));

describe("the source", () => {
  it("is seen by this test", () => {
    expect(sources).toContain("src/gateway.ts");
    expect(sources.length).toBeGreaterThan(200);
  });

  it("has no retired word in an identifier or a comment", () => {
    expect(sources.flatMap((file) => retiredIn(read(file), file).map((fault) => `${file}: ${fault}`))).toEqual([]);
  });

  it("names types by nouns", () => {
    expect(sources.flatMap((file) => participlesIn(read(file)).map((fault) => `${file}: ${fault}`))).toEqual([]);
  });
});

describe("the repository", () => {
  it("refers to nothing that is not in it", () => {
    const files = tracked.filter((file) => /^(?:src|bench|tools|deploy)\/|\.(?:md|ya?ml)$/.test(file));
    expect(files).toContain("README.md");
    expect(files.flatMap((file) => (read(file).match(ELSEWHERE) ?? []).map((found) => `${file}: ${found}`))).toEqual(
      [],
    );
  });
});

describe("a planted fault is found:", () => {
  it.each([
    "const isDear = true;",
    "// What a stranger wrote.",
    "/** Whoever asks. */",
    "/**\n * The twin of it.\n */",
    "call(); // for the crowd",
    "class A { #isHopeless = false; }",
  ])("%s", (source) => {
    expect(retiredIn(source)).toHaveLength(1);
  });

  it.each(["type Asked = string;", "export interface Held {}", "export class Kept {}"])("%s", (source) => {
    expect(participlesIn(source)).toHaveLength(1);
  });

  it.each(["see research/style.md", "as ISA-14 promises", "design.md §2"])("%s", (text) => {
    expect(text.match(ELSEWHERE)).toHaveLength(1);
  });
});

it.each([
  'const text = "a stranger"; const url = `https://${"face"}`;',
  "const surface = 1; // an interface",
  "const asked: AskedQuestion = 1;",
])("an innocent line is left alone: %s", (source) => {
  expect([...retiredIn(source), ...participlesIn(source)]).toEqual([]);
});

it.each(["UTF-8 and CWE-117", "SHA-256", "RFC-7617"])("a public name is left alone: %s", (text) => {
  expect(text.match(ELSEWHERE)).toBeNull();
});

function retiredIn(source: string, file = ""): string[] {
  const identifiers = tokensOf(source)
    .filter(({ kind }) => kind === "word")
    .flatMap(({ text }) => text.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/));
  const found = [...identifiers, ...commentsIn(source).flatMap((comment) => comment.split(/[^A-Za-z]+/))]
    .map((word) => word.toLowerCase())
    .filter((word) => RETIRED.has(word) && !file.startsWith(SPELLINGS.get(word) ?? "/"));
  return [...new Set(found)].map((word) => `"${word}": use ${RETIRED.get(word) ?? ""}`);
}

function participlesIn(source: string): string[] {
  const declared = [...source.matchAll(/^\s*(?:export )?(?:type|interface|class) (\w+)/gm)].map(
    ([, name = ""]) => name,
  );
  return declared.filter((name) => PARTICIPLES.has(name));
}

/** Whole-line comments, and those behind code. */
function commentsIn(source: string): string[] {
  return source
    .split("\n")
    .flatMap((line) => /^\s*(?:\/\*\*?|\*|\/\/)(.*)$/.exec(line)?.[1] ?? / \/\/ (.*)$/.exec(line)?.[1] ?? []);
}
