import { execFile } from "node:child_process";
import { resolve as resolvePath } from "node:path";
import { ROOT } from "./gateway.ts";

export interface CliOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The program: by default the one in dist/. */
  readonly main?: string;
}

export interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built executable until it exits, without the gateway's variables unless the test sets them. */
export function runCli(
  args: readonly string[],
  { cwd, env = {}, main = "dist/main.js" }: CliOptions,
): Promise<CliAnswer> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [resolvePath(ROOT, main), ...args],
      { cwd, env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
