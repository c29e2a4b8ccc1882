import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./gateway.ts";

export interface CodeBlock {
  /** `README.md:12`, where it begins. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

/** The texts that a user reads: README, docs/ and SECURITY. */
export function userTexts(): readonly string[] {
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: ROOT });
  return files
    .toString()
    .split("\n")
    .filter((file) => /^(?:README|SECURITY)\.md$|^docs\//.test(file));
}

export const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** The fenced blocks of a Markdown file. */
export function blocksOf(file: string): CodeBlock[] {
  const text = textOf(file);
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = "", block = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    return { place: `${file}:${line}`, language, text: block };
  });
}

/** What stands in single backticks, outside of blocks. */
export function spansOf(file: string): string[] {
  const prose = textOf(file).replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
}
