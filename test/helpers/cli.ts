import { execFile } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./gateway.ts";

export interface CliOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CliAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built executable until it exits, without the gateway's variables unless the test sets them. */
export function runCli(args: readonly string[], { cwd, env = {} }: CliOptions): Promise<CliAnswer> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, "dist/main.js"), ...args],
      { cwd, env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
