import { existsSync } from "node:fs";
import { basename } from "node:path";
import { member } from "../lib/json.ts";
import { GatewayError } from "../protocol/errors.ts";
import type { StdioCommand } from "./stdio-command.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its stderr, redacted, as one line. */
  readonly stderr: string;
}

/** The error of a process that could not be started: names the program and what to do. Paths are only logged. */
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
  // The system reports a missing working directory as ENOENT on the command.
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

/** The process is alive but one of its pipes is closed. `what` says what the process did, in the past tense. */
export function cutOffError(server: string, what: string, stderr: string): GatewayError {
  const message = `The MCP server "${server}" ${what}, and was ended.`;
  return new GatewayError("process_exited", message, { log: { ...(stderr !== "" && { stderr }) } });
}

export function strayOutputError(server: string): GatewayError {
  const message = `The MCP server "${server}" wrote nothing but non-MCP output to stdout for too long, and was ended.`;
  return new GatewayError("protocol_violation", message);
}

/** The exit codes with which a launcher (npx, sh, env) reports that the program was not found (127) or could not be executed (126). */
function exitHint(command: string, code: number | null): string | undefined {
  const program = basename(command);
  if (code === 127) return `a program that "${program}" tried to run was not found`;
  if (code === 126) return `a program that "${program}" tried to run is not executable`;
  return undefined;
}
