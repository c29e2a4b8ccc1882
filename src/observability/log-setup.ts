import type { Redactor } from "../lib/redactor.ts";
import type { Level } from "./config.ts";
import type { LogOutput } from "./log-output.ts";
import { createLog, type Log } from "./logger.ts";

/** The keys of the config that are about the log. */
export interface LogConfig {
  readonly logging: { readonly level?: Level | undefined; readonly format: "text" | "json" };
  readonly debug: { readonly level?: Level | undefined };
}

export interface LogParts {
  readonly env: NodeJS.ProcessEnv;
  readonly output: LogOutput;
  readonly redactor: Redactor;
}

export const levelOf = ({ logging, debug }: LogConfig): Level => logging.level ?? debug.level ?? "info";

export function logFor(config: LogConfig, { env, output, redactor }: LogParts): Log {
  const colors = output.isTerminal && env["NO_COLOR"] === undefined;
  return createLog({ level: levelOf(config), format: config.logging.format, redactor, output, colors });
}
