import type { LoadedConfig } from "../config/load.ts";
import { closest } from "../lib/closest.ts";
import { quoted } from "../lib/text.ts";
import { Gateway } from "../gateway.ts";
import type { CallerHeaders } from "../protocol/upstream.ts";
import { stderrOutput } from "../observability/std-outputs.ts";
import { Bar } from "./bar.ts";
import { CallUsageError } from "./call-usage-error.ts";
import { readSource, type SourceFlags } from "./source.ts";
import { version } from "./version.ts";

export interface ShellFlags extends SourceFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** As `Name: value`: what a client would send, for servers that are filled in from their callers. */
  readonly header?: readonly string[];
}

/** What a command needs that talks to servers itself. */
export interface Shell {
  readonly gateway: Gateway;
  readonly bar: Bar;
  readonly caller: CallerHeaders | undefined;
}

/** Runs a command with the servers of the config, in this process and without HTTP; they are ended before it returns. */
export async function withServers<Outcome>(
  flags: ShellFlags,
  env: NodeJS.ProcessEnv,
  run: (shell: Shell) => Promise<Outcome>,
): Promise<Outcome> {
  const caller = headersIn(flags.header ?? []);
  const { loaded } = readSource(flags, env);
  const bar = new Bar(stderrOutput(), env);
  const gateway = new Gateway({ version: version(), loaded: quieter(loaded, flags), env, logOutput: bar.log });
  gateway.watchTime();
  try {
    return await run({ gateway, bar, caller });
  } finally {
    bar.hide();
    await gateway.stop();
  }
}

/** Throws when the config has no such server. */
export function checkServer(name: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  const near = closest(name, names);
  const meant = near === undefined ? "" : `; did you mean ${quoted(near)}?`;
  throw new CallUsageError(`the config has no server ${quoted(name)}; it has: ${names.join(", ")}${meant}`);
}

/** The log of the gateway is not what these commands are for. */
function quieter(loaded: LoadedConfig, { verbose = false }: ShellFlags): LoadedConfig {
  if (verbose) return loaded;
  const { config } = loaded;
  return { ...loaded, config: { ...config, logging: { ...config.logging, level: "error" } } };
}

function headersIn(given: readonly string[]): CallerHeaders | undefined {
  if (given.length === 0) return undefined;
  return new Map(
    given.map((header) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(header) ?? [];
      if (name === undefined || value === undefined) throw new CallUsageError('a header is written "Name: value"');
      return [name.toLowerCase(), value];
    }),
  );
}
