import { existsSync } from "node:fs";
import { basename } from "node:path";
import { member } from "../lib/json.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { StdioCommand } from "./stdio-command.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr, redacted, one line. */
  readonly stderr: string;
}

/** The process could not be started at all: says which program it was, and what to do. Paths are for the log. */
export function spawnError(server: string, command: StdioCommand, cause: unknown): GatewayError {
  const hint = spawnHint(command, member(cause, "code"));
  const { path } = command;
  return new GatewayError("spawn_failed", `The MCP server "${server}" could not be started: ${hint}.`, {
    cause,
    data: { hint },
    log: { command: command.command, ...(path !== undefined && { path }) },
  });
}

function spawnHint({ command, path }: StdioCommand, code: unknown): string {
  const program = basename(command);
  // For a working directory that is missing the system reports ENOENT on the command.
  if (path !== undefined && !existsSync(path)) return "its working directory does not exist";
  if (code === "ENOENT") return `"${program}" was not found ${command.includes("/") ? "" : "on PATH"}`.trimEnd();
  if (code === "EACCES") return `permission to run "${program}" was denied`;
  if (code === "E2BIG") return "its arguments and environment are too long";
  if (code === "EAGAIN" || code === "EMFILE" || code === "ENOMEM") return "the machine has no room for another process";
  return `"${program}" cannot be run`;
}

export function exitError(
  server: string,
  { command, exposeStderr }: StdioCommand,
  { code, signal, stderr }: Exit,
): GatewayError {
  const how = signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
  const hint = exitHint(command, code);
  const data: Record<string, unknown> = { exitCode: code, signal };
  if (exposeStderr && stderr !== "") data["stderr"] = stderr;
  if (hint !== undefined) data["hint"] = hint;
  return new GatewayError("process_exited", `The MCP server "${server}" ended (${how}).`, {
    data,
    log: { command, ...(stderr !== "" && { stderr }) },
  });
}

/** Its process lives, but one of its pipes does not: `what` it did, in the past tense. */
export function cutOffError(server: string, what: string, stderr: string): GatewayError {
  const message = `The MCP server "${server}" ${what}, and was ended.`;
  return new GatewayError("process_exited", message, { log: { ...(stderr !== "" && { stderr }) } });
}

export function strayOutputError(server: string): GatewayError {
  const message = `The MCP server "${server}" wrote nothing but non-MCP output to stdout for too long, and was ended.`;
  return new GatewayError("protocol_violation", message);
}

/** The two exit codes that a launcher (npx, sh, env) uses when the program behind it is missing or no program. */
function exitHint(command: string, code: number | null): string | undefined {
  const program = basename(command);
  if (code === 127) return `a program that "${program}" tried to run was not found`;
  if (code === 126) return `a program that "${program}" tried to run is not executable`;
  return undefined;
}
