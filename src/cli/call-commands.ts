import { CommanderError, type Command } from "commander";
import type { CallFlags } from "./call.ts";
import { CallUsageError } from "./call-usage-error.ts";
import type { RoutesFlags } from "./routes.ts";
import type { ShellFlags } from "./shell.ts";

const EXIT_USAGE = 64;

const HELP = `
The servers are started here, with the config as it is; no gateway has to run, and no login, policy or limit applies.
Exit codes: 0, 1 if a tool or its server reports an error, 64 for wrong use (a tool that is not there, arguments that do not fit its
schema), 78 for a config with mistakes.
`;

const EXAMPLES = `
Examples:
  mcp-gateway call everything echo --args '{"message": "hello"}'
  mcp-gateway call everything__echo --args @arguments.json
  generate-arguments | mcp-gateway call everything echo --args - --json
  mcp-gateway call echo --args '{"message": "hello"}' -- npx -y @modelcontextprotocol/server-everything
`;

export interface CallCommandsOptions {
  readonly config: readonly [flags: string, description: string];
  /** The arguments after `--`. */
  readonly command: readonly string[] | undefined;
  /** Called when a tool or a server reports an error. */
  readonly fail: () => void;
}

/** Commander has no previous value the first time. */
const repeated = (header: string, headers: readonly string[] | undefined): string[] => [...(headers ?? []), header];

/** Declares the commands `tools`, `call` and `routes`; what they do is loaded when they run. */
export function addCallCommands(program: Command, { config, command: own, fail }: CallCommandsOptions): void {
  const common = (command: Command): Command =>
    command
      .option(...config)
      .option("--json", "print everything, as JSON")
      .option(
        "--header <header>",
        'what a client would send, as "Name: value", for servers that are filled in from it; repeatable',
        repeated,
      )
      .option("--verbose", "write the log of the gateway to stderr")
      .exitOverride(({ exitCode, code, message }) => {
        throw new CommanderError(exitCode === 0 ? 0 : EXIT_USAGE, code, message);
      });
  const listing = common(program.command("tools [server]").description("print the tools of all servers, or of one"));
  listing.addHelpText("after", HELP).action(async (server: string | undefined, flags: ShellFlags) => {
    const { tools } = await import("./tools.ts");
    if (!(await usable(listing, tools(server, given(listing, flags, own))))) fail();
  });
  const calling = common(program.command("call <server> [tool]").description("call a tool and print its result"));
  calling
    .option("--args <json>", "its arguments: a JSON object, @file, or - for stdin")
    .option("--timeout <time>", "how long the answer may take (default: as the config says)")
    .addHelpText("after", `${HELP}${EXAMPLES}`)
    .action(async (server: string, tool: string | undefined, flags: CallFlags) => {
      const { call } = await import("./call.ts");
      if (!(await usable(calling, call([server, tool], given(calling, flags, own))))) fail();
    });
  addRoutes(program, config);
}

/** Declares the command `routes`. */
function addRoutes(program: Command, config: CallCommandsOptions["config"]): void {
  program
    .command("routes")
    .description("print all ways in: their URLs, who may use them, and what is in the way of something else")
    .option(...config)
    .option("--json", "print it as JSON")
    .option(
      "--ask",
      "start the servers and ask what they have; without it, what the gateway has learnt of them is used",
    )
    .action(async (flags: RoutesFlags) => (await import("./routes.ts")).routes(flags));
}

/** With the command after `--`, which replaces a config. */
function given<Flags extends ShellFlags>(of: Command, flags: Flags, command: readonly string[] | undefined): Flags {
  if (command === undefined) return flags;
  if (flags.config !== undefined) of.error("error: give either a config (-c) or a server command (after --), not both");
  return { ...flags, command };
}

async function usable<Outcome>(of: Command, running: Promise<Outcome>): Promise<Outcome> {
  try {
    return await running;
  } catch (thrown) {
    if (thrown instanceof CallUsageError) of.error(`error: ${thrown.message}`);
    throw thrown;
  }
}
