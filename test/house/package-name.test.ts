import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// The npm package `mcp-gateway` belongs to somebody else: `npx mcp-gateway` runs foreign code. Our command is called mcp-gateway;
// the package that contains it is not.

const root = join(import.meta.dirname, "../..");

/** `npx mcp-gateway`, `npm i -g mcp-gateway`, and the words of such a command as the elements of a list. */
const STRANGERS = [
  /\b(?:npx|bunx|pnpx|(?:npm|pnpm|yarn)\s+(?:exec|dlx|x|i|install|add))\s+(?:-{1,2}[\w-]+\s+)*mcp-gateway(?![\w-])/g,
  /(?:npx|-y|--yes)["']?,\s*["']?mcp-gateway(?![\w-])/g,
];

describe("nothing refers to the npm package of another owner:", () => {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
    .toString()
    .split("\0")
    .filter((file) => file !== "" && !file.startsWith("test/house/"))
    .filter((file) => existsSync(join(root, file)) && statSync(join(root, file)).isFile());

  it("the package is not called mcp-gateway, the command is", () => {
    const { name, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      name: string;
      bin: Record<string, string>;
    };
    expect(name).not.toBe("mcp-gateway");
    expect(Object.keys(bin)).toEqual(["mcp-gateway"]);
  });

  it("no file of the repository names it after npx or npm install", () => {
    expect(files).toContain("README.md");
    expect(
      files.flatMap((file) => found(readFileSync(join(root, file), "utf8")).map((text) => `${file}: ${text}`)),
    ).toEqual([]);
  });

  it.each([
    "npx mcp-gateway run",
    "npx -y mcp-gateway",
    "npm install --global mcp-gateway",
    "pnpm dlx mcp-gateway",
    'args: ["-y", "mcp-gateway", "run"]',
    "[npx, mcp-gateway]",
  ])("a planted one is found: %s", (text) => {
    expect(found(text)).toHaveLength(1);
  });

  it.each(["npx -y mcp-gateway-x", "mcp-gateway run -- npx -y x", "npx -y mcp-remote", "cd mcp-gateway"])(
    "an innocent text is left alone: %s",
    (text) => {
      expect(found(text)).toEqual([]);
    },
  );
});

const found = (text: string): string[] =>
  STRANGERS.flatMap((pattern) => [...text.matchAll(pattern)].map(([match]) => match));
