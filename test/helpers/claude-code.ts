import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./gateway.ts";

const VERSION = "2.1.330";
const FOLDER = join(ROOT, "node_modules/.cache", `claude-code-${VERSION}`);
const PROGRAM = join(FOLDER, "node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs");

/**
 * The program of Claude Code. Its 360 MB are too much for a devDependency, so it is installed when a test first wants it. Adding
 * and listing MCP servers needs no account.
 */
export async function claudeCode(): Promise<string> {
  const isInstalled = await access(PROGRAM).then(
    () => true,
    () => false,
  );
  if (isInstalled) return PROGRAM;
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  const install = promisify(execFile);
  await install("npm", ["install", "--prefix", FOLDER, ...options, `@anthropic-ai/claude-code@${VERSION}`]);
  return PROGRAM;
}
