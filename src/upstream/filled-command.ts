import type { Destination, ServerSettings } from "../protocol/upstream.ts";
import type { StdioCommand } from "./stdio-command.ts";
import { fill, headersIn, isTemplate, keyOf, type CallerValues, type Place } from "./templates.ts";

/** The texts of an entry that its callers fill in; empty when there are none. */
function templatesIn({ args, path, env }: StdioCommand): string[] {
  return [...args, ...Object.values(env), ...(path === undefined ? [] : [path])].filter(isTemplate);
}

export interface FilledCommand {
  /** Throws `header_required`. */
  readonly commandFor: (destination: Destination) => StdioCommand;
  readonly callerHeaders: readonly string[];
  /** Undefined when nothing is filled in: then its processes may be started ahead. */
  readonly callerKey: ServerSettings["callerKey"];
}

/** A command whose arguments, variables and working directory may be filled in from the caller. */
export function filledCommand(server: string, command: StdioCommand): FilledCommand {
  const templates = templatesIn(command);
  if (templates.length === 0) return { commandFor: () => command, callerHeaders: [], callerKey: undefined };
  return {
    commandFor: (destination) => filled(server, command, destination),
    callerHeaders: headersIn(templates),
    callerKey: (principal, caller) => keyOf(templates, { principal, caller }, server),
  };
}

function filled(server: string, command: StdioCommand, values: CallerValues): StdioCommand {
  const { args, path, env } = command;
  const one = (text: string, place: Place): string | undefined => fill(text, place, values, server);
  return {
    ...command,
    // The gateway itself lists the tools with what is not filled in left out.
    args: args.flatMap((arg) => one(arg, "argument") ?? []),
    path: path === undefined ? undefined : one(path, "path"),
    env: Object.fromEntries(
      Object.entries(env).flatMap(([name, text]) => {
        const value = one(text, "variable");
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}
