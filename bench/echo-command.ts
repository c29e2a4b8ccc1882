import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface EchoCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly language: "C" | "Node";
}

/** The echo child: compiled C if there is a compiler, so that the children use little of the CPU time that the relays need. */
export function echoCommand(): EchoCommand {
  const source = fileURLToPath(new URL("echo-child.c", import.meta.url));
  const digest = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), "mcp-gateway-bench");
  const program = join(folder, `echo-child-${digest}`);
  if (existsSync(program) || compiles(source, folder, program)) return { command: program, args: [], language: "C" };
  const script = fileURLToPath(new URL("echo-child.mjs", import.meta.url));
  return { command: process.execPath, args: [script], language: "Node" };
}

function compiles(source: string, folder: string, program: string): boolean {
  const fresh = `${program}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync(process.env["CC"] ?? "cc", ["-O2", "-o", fresh, source], { stdio: "ignore" });
    renameSync(fresh, program);
    return true;
  } catch {
    // There is no compiler.
    return false;
  }
}
