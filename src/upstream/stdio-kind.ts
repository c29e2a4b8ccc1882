import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { oneSafeLine, type Redactor } from "../lib/redactor.ts";
import { durationMs } from "../lib/units.ts";
import { gatewayItself } from "../protocol/principal.ts";
import type { Destination, UpstreamListener } from "../protocol/upstream.ts";
import { CrashLoop } from "./crash-loop.ts";
import { filledCommand } from "./filled-command.ts";
import { defineUpstreamKind } from "./kind.ts";
import { Population } from "./population.ts";
import { Reaper } from "./reaper.ts";
import { StartQueue } from "./start-queue.ts";
import { stdioEntrySchema, stdioLimitsSchema } from "./stdio-config.ts";
import type { StdioCommand } from "./stdio-command.ts";
import { StdioUpstream, type StdioContext } from "./stdio.ts";
import { isTemplate } from "./templates.ts";
import { WarmPool } from "./warm-pool.ts";

const SUMMARY_LENGTH = 300;

/** An entry with a `command`: one process per session, bridged over its stdin and stdout. */
export const stdio = defineUpstreamKind({
  type: "stdio",
  config: stdioEntrySchema,
  limits: stdioLimitsSchema,
  create: (limits, common) => {
    const context: StdioContext = {
      ...common,
      reaper: new Reaper(common.emit),
      startQueue: new StartQueue({
        perSecond: limits.startsPerSecond,
        burst: limits.startBurst,
        startingPerServer: limits.startingPerServer,
        queueMs: durationMs(limits.startQueue),
      }),
      population: new Population(common.sessions),
    };
    return {
      connector: (name, { warm, ...entry }) => {
        const command: StdioCommand = { ...entry, exposeStderr: context.exposeStderr };
        const { commandFor, callerHeaders, callerKey } = filledCommand(name, command);
        const crashLoop = new CrashLoop(name, limits.crashLoop);
        const start = (destination: Destination, listener: UpstreamListener, isWarm = false): StdioUpstream =>
          new StdioUpstream({ command: commandFor(destination), destination, listener, context, crashLoop, isWarm });
        const poolDestination: Destination = { server: name, sessionId: "warm", principal: gatewayItself };
        const pool = new WarmPool({
          // A process is started for one caller's values, and nobody else may have it.
          size: callerKey === undefined ? warm : 0,
          start: (listener) => start(poolDestination, listener, true),
          mayStart: () => context.startQueue.hasRoom(name) && context.population.hasRoom(name),
        });
        return {
          summary: summaryOf(command, context.redactor),
          callerHeaders,
          callerKey,
          warnings: () => [
            ...commandWarnings(command, command.env["PATH"] ?? context.gatewayEnv["PATH"] ?? ""),
            ...(callerKey !== undefined && warm > 0
              ? ["nothing is kept warm, because it is filled in from its callers"]
              : []),
          ],
          connect: (destination, listener) => pool.take()?.adopt(destination, listener) ?? start(destination, listener),
          circuit: () => (crashLoop.isOpen ? "open" : "closed"),
          open: () => pool.open(),
          close: () => pool.close(),
          renew: () => pool.renew(),
        };
      },
      processes: () => context.population.facts(),
      close: () => context.reaper.close(),
    };
  },
});

/** Masked word by word, because a secret that is a whole word is masked however short it is. */
function summaryOf({ command, args }: StdioCommand, redactor: Redactor): string {
  return oneSafeLine([command, ...args].map((word) => redactor.value(word)).join(" "), SUMMARY_LENGTH);
}

function commandWarnings({ command, path }: StdioCommand, searchPath: string): string[] {
  if (path !== undefined && !isTemplate(path) && !existsSync(path)) return [`its path "${path}" does not exist`];
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
    // It does not exist, or this user may not execute it.
    return false;
  }
}
