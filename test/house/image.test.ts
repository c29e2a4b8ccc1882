import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ignoredBy, lastOf, stagesOf, wordsOf } from "../helpers/dockerfile.ts";

// What the Dockerfile copies comes through .dockerignore, and nothing else does. test/e2e/image.test.ts replays the build.

const root = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .trim()
  .split("\n")
  .filter((file) => existsSync(join(root, file)));
const stages = stagesOf(read("Dockerfile"));
const copies = stages.flatMap(({ instructions }) => instructions.filter(({ op }) => op === "COPY"));
const sources = copies.filter(({ flags }) => !flags.has("from")).flatMap(({ text }) => wordsOf(text).slice(0, -1));
const isCopied = (file: string): boolean => sources.some((source) => file === source || file.startsWith(`${source}/`));

describe(".dockerignore", () => {
  const isIgnored = ignoredBy(read(".dockerignore"));

  it("lets through what the Dockerfile copies", () => {
    expect(sources).toContain("package.json");
    for (const source of sources)
      expect(files.filter((file) => file === source || file.startsWith(`${source}/`))).not.toEqual([]);
    expect(files.filter((file) => isCopied(file) && isIgnored(file))).toEqual([]);
  });

  it("lets nothing else through", () => {
    expect(files.filter((file) => !isIgnored(file) && !isCopied(file))).toEqual([]);
  });

  it("would be found to keep back a file", () => {
    const without = read(".dockerignore").replace("!config.example.yaml\n", "");
    expect(ignoredBy(without)("config.example.yaml")).toBe(true);
  });
});

describe("the Dockerfile", () => {
  const [last] = stages.toReversed();
  if (last === undefined) throw new Error("it has no stage");

  it("copies from its own stages, or from an image of a certain version", () => {
    const from = copies.flatMap(({ flags }) => flags.get("from") ?? []);
    const names = stages.map(({ name }) => name);
    expect(from).toContain("build");
    expect(from.filter((name) => !names.includes(name) && !/:\d+\.\d+\.\d+$/.test(name))).toEqual([]);
  });

  it("has a stage with uv for servers in Python, and builds the one without it when none is named", () => {
    const withUv = stages.find(({ name }) => name === "with-uv");
    expect(withUv?.instructions.map(({ text }) => text)).toEqual([expect.stringContaining("/uv /uvx ")]);
    expect(last).toMatchObject({ from: "runtime", instructions: [] });
  });

  it("runs as a user that is a number, and not root's", () => {
    expect(lastOf(stages, last, "USER")?.text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it("starts what reaps the children of process 1, and asks the gateway for its health", () => {
    expect(wordsOf(lastOf(stages, last, "ENTRYPOINT")?.text ?? "")).toEqual(["tini", "--", "mcp-gateway"]);
    expect(lastOf(stages, last, "HEALTHCHECK")?.text).toBe('CMD ["mcp-gateway", "health"]');
  });
});
