import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { z } from "zod";
import { oneSafeLine, type Redactor } from "../lib/redactor.ts";
import { durationMs } from "../lib/units.ts";
import { optionalDuration } from "../protocol/unit-schemas.ts";
import type { SessionLabel, UpstreamListener } from "../protocol/upstream.ts";
import { CrashLoop } from "./crash-loop.ts";
import { defineUpstreamKind } from "./kind.ts";
import { StdioUpstream, type StdioCommand } from "./stdio.ts";
import { WarmPool } from "./warm-pool.ts";

/** More than this is a mistake, or a way around the caps of `limits`. */
const MAX_WARM = 32;
const SUMMARY_LENGTH = 300;

const config = z.strictObject({
  type: z.literal("stdio").optional().describe("How the server is reached: a process of its own per session."),
  command: z.string().min(1).describe("The program to run; no shell is involved."),
  args: z.array(z.string()).default([]).describe("Its arguments, one element each."),
  path: z.string().min(1).optional().describe("Its working directory."),
  env: z.record(z.string(), z.string()).default({}).describe("Variables added to the short list that it inherits."),
  inheritEnv: z.boolean().default(false).describe("Give it the whole environment of the gateway, secrets included."),
  timeout: optionalDuration.describe("Time for a REST call of its tools; rest.timeout unless told."),
  warm: z
    .number()
    .int()
    .min(0)
    .max(MAX_WARM)
    .default(0)
    .describe("Processes kept started for the next sessions, which then need not wait for a start."),
  serial: z.boolean().default(false).describe("Run the REST calls of one session one after the other."),
});

/** An entry with a `command`: one process per session, bridged over its stdin and stdout. */
export const stdio = defineUpstreamKind({
  type: "stdio",
  config,
  entry: (name, { command, args, path, env, inheritEnv, timeout, warm, serial }, context) => {
    const line: StdioCommand = { command, args, path, env, inheritEnv, exposeStderr: context.exposeStderr };
    const crashLoop = new CrashLoop(name, context.crashLoop);
    const start = (label: SessionLabel, listener: UpstreamListener, isWarm = false): StdioUpstream =>
      new StdioUpstream({ command: line, label, listener, context, crashLoop, isWarm });
    const pool = new WarmPool({
      size: warm,
      start: (listener) => start({ server: name, sessionId: "warm" }, listener, true),
      mayStart: () => context.startGate.hasRoom(name) && context.population.hasRoom(name),
    });
    return {
      name,
      calls: { timeoutMs: timeout === undefined ? undefined : durationMs(timeout), serial },
      summary: summaryOf(line, context.redactor),
      warnings: () => commandWarnings(line, env["PATH"] ?? context.gatewayEnv["PATH"] ?? ""),
      connect: (label, listener) => pool.take()?.adopt(label, listener) ?? start(label, listener),
      open: () => pool.open(),
      close: () => pool.close(),
    };
  },
});

/** Its words one by one, as a secret that is a whole word is masked however short it is. */
function summaryOf({ command, args }: StdioCommand, redactor: Redactor): string {
  return oneSafeLine([command, ...args].map((word) => redactor.value(word)).join(" "), SUMMARY_LENGTH);
}

function commandWarnings({ command, path }: StdioCommand, searchPath: string): string[] {
  if (path !== undefined && !existsSync(path)) return [`its path "${path}" does not exist`];
  const places = command.includes("/")
    ? [resolve(path ?? ".", command)]
    : searchPath.split(delimiter).map((folder) => join(folder, command));
  return places.some(isExecutable) ? [] : [`"${command}" was not found${command.includes("/") ? "" : " on PATH"}`];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us to run: the answer is no.
    return false;
  }
}
