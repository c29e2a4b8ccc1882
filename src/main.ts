#!/usr/bin/env node
import { inspect } from "node:util";
import { Command, Option } from "commander";
import { addAddressOptions } from "./cli/address.ts";
import { splitArguments, wordMistake, type Arguments } from "./cli/arguments.ts";
import { addCallCommands } from "./cli/call-commands.ts";
import { addConnect } from "./cli/connect-command.ts";
import type { ConnectFlags } from "./cli/connect-settings.ts";
import { explain } from "./cli/explain.ts";
import { addFirstConfigCommands } from "./cli/first-config-commands.ts";
import type { HealthFlags } from "./cli/health.ts";
import { addHelp } from "./cli/help.ts";
import type { DumpOutcome, OpenapiFlags } from "./cli/openapi.ts";
import type { PolicyFlags } from "./cli/policy.ts";
import { schemaDump, type RunFlags } from "./cli/schema-dump.ts";
import type { SourceFlags } from "./cli/source.ts";
import { declaredSpellings } from "./cli/spellings.ts";
import type { ValidateFlags } from "./cli/validate.ts";
import { version } from "./cli/version.ts";
import { ConfigError } from "./config/problems.ts";
import type { Gateway } from "./gateway.ts";
import type { Log } from "./observability/logger.ts";

/** EX_CONFIG of sysexits: the config cannot be used. */
const EXIT_CONFIG = 78;
const EXIT_USAGE = 2;
/** EX_USAGE of sysexits, from the commands that are made for scripts. */
const EXIT_CALL_USAGE = 64;
const EXIT_FAILURE = 1;
/** EX_SOFTWARE of sysexits: an internal error. */
const EXIT_SOFTWARE = 70;
/** The maximum duration of a shutdown after an unexpected error. */
const LAST_STOP_MS = 20_000;
const EXIT_OF_DUMP: Readonly<Record<DumpOutcome, number>> = { complete: 0, partial: EXIT_FAILURE, "over limits": 3 };

const CONFIG_OPTION = [
  "-c, --config <file>",
  "the config file (default: $CONFIG_PATH, ./config.yaml or ./config.yml)",
] as const;

async function main(argv: readonly string[]): Promise<void> {
  outliveReaders();
  const words = splitArguments(argv);
  const program = new Command("mcp-gateway")
    .description("Gives every session its own MCP server process and bridges it to HTTP+SSE, Streamable HTTP and REST.")
    .version(version())
    .showSuggestionAfterError()
    // Lets a subcommand have its own --version.
    .enablePositionalOptions()
    .exitOverride();
  addRun(program, words);
  addOpenapi(program, words);
  program
    .command("validate")
    .description("check a config file and report everything that is wrong with it")
    .option(...CONFIG_OPTION)
    .option("--print", "print every key with its effective value, secrets masked")
    .action(async (flags: ValidateFlags) => (await import("./cli/validate.ts")).validate(flags));
  addAddressOptions(
    program
      .command("health")
      .description("ask a running gateway whether it is ready; exit code 0 or 1")
      .option(...CONFIG_OPTION)
      .option("--url <url>", "its URL, if not the one in the config"),
  ).action(async (flags: HealthFlags) => {
    const { health } = await import("./cli/health.ts");
    if (!(await health(flags))) process.exitCode = EXIT_FAILURE;
  });
  program
    .command("hash-key")
    .description("print the hash of the API key on stdin, or a new key and its hash, for auth.apiKeys")
    .action(async () => (await import("./cli/hash-key.ts")).hashKey(process.stdin));
  program
    .command("policy")
    .description("print what a caller may do, and which rule says so")
    .option(...CONFIG_OPTION)
    .option("--as <tenant:client>", "the tenant and the client of the caller")
    .option("--principal <id>", "its id, or kind:id: basic:alice")
    .option("--scopes <list>", "its scopes, separated by commas")
    .option("--groups <list>", "its groups, separated by commas")
    .option("--tool <server:name>", "only about this tool; exit code 1 when it is refused")
    .option("--prompt <server:name>", "only about this prompt")
    .option("--resource <server:uri>", "only about this resource")
    .option("--method <server:method>", "only about this method")
    .action(async (flags: PolicyFlags) => {
      const { policy } = await import("./cli/policy.ts");
      if (!policy(flags)) process.exitCode = EXIT_FAILURE;
    });
  const failed = (): unknown => (process.exitCode = EXIT_FAILURE);
  addCallCommands(program, { config: CONFIG_OPTION, command: words.command, fail: failed });
  addFirstConfigCommands(program, failed);
  program
    .command("schema")
    .description("print the JSON Schema of the config file")
    .action(async () => (await import("./cli/schema.ts")).schema());
  addConnect(program, connectStdio);
  const names = program.commands.flatMap((command) => [command.name(), ...command.aliases()]);
  const mistake = wordMistake(words, names);
  if (mistake !== undefined) program.error(`error: ${mistake}`);
  await program.parseAsync(declaredSpellings(words.own, program), { from: "user" });
}

function addRun(program: Command, { command }: Arguments): void {
  const run = program.command("run", { isDefault: true }).alias("serve").description("start the gateway");
  addAddressOptions(run.option(...CONFIG_OPTION))
    .option("--schemaDump", "print the OpenAPI document instead (the same as the command openapi)")
    .addOption(new Option("--schemaFormat <format>", "with --schemaDump").choices(["yaml", "json"]))
    .addOption(new Option("--schemaProfile <profile>", "with --schemaDump").choices(["full", "gpt", "openwebui"]))
    .addOption(new Option("--schemaVersion <version>", "with --schemaDump").choices(["3.1", "3.0"]))
    .addOption(new Option("--schemaAccept <types>", "with --schemaDump").choices(["json", "all"]))
    .option("--schemaServer <name>", "with --schemaDump: this server only")
    .option("--allow-partial", "with --schemaDump: succeed even if the tools of a server cannot be listed")
    .option("--output <file>", "with --schemaDump: write to this file")
    .action(async (flags: RunFlags) => {
      const all = withCommand(run, flags, command);
      const dump = schemaDump(all);
      if (dump === undefined) await start(all);
      else process.exitCode = EXIT_OF_DUMP[await (await import("./cli/openapi.ts")).openapi(dump)];
    });
  addHelp(program, run);
}

function addOpenapi(program: Command, { command }: Arguments): void {
  const dump = program.command("openapi").description("print the OpenAPI document made from the tools of all servers");
  addAddressOptions(dump.option(...CONFIG_OPTION))
    .addOption(new Option("--format <format>", "of the output").choices(["yaml", "json"]).default("yaml"))
    .addOption(
      new Option("--profile <profile>", "what the document is for")
        .choices(["full", "gpt", "openwebui"])
        .default("full"),
    )
    .addOption(new Option("--version <version>", "of OpenAPI").choices(["3.1", "3.0"]).default("3.1"))
    .addOption(new Option("--accept <types>", "media types of answers to describe").choices(["json", "all"]))
    .option("--server <name>", "this server only")
    .option("--tools <patterns...>", "these tools only: tool or server:tool, with * as a wildcard")
    .option("-o, --output <file>", "write to this file instead of stdout")
    .option("--allow-partial", "succeed even if the tools of a server cannot be listed")
    .action(async ({ version: openapiVersion, ...flags }: OpenapiFlags & { version: "3.1" | "3.0" }) => {
      const all = { ...withCommand(dump, flags, command), openapi: openapiVersion };
      process.exitCode = EXIT_OF_DUMP[await (await import("./cli/openapi.ts")).openapi(all)];
    });
}

/** Adds the command after `--`, which replaces a config. */
function withCommand<T extends SourceFlags>(of: Command, flags: T, command: readonly string[] | undefined): T {
  if (command === undefined) return flags;
  if (flags.config !== undefined) of.error("error: give either a config (-c) or a server command (after --), not both");
  return { ...flags, command };
}

/** A reader that closes the pipe (`| head`) is no error. */
function outliveReaders(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.stderr.write(`cannot write to stdout: ${error.message}\n`);
    process.exit(EXIT_FAILURE);
  });
}

async function connectStdio(url: string | undefined, flags: ConnectFlags): Promise<void> {
  const { connect } = await import("./cli/connect.ts");
  const connection = connect(url, flags);
  watch(connection);
  await connection.ended;
  await connection.stop();
  process.exit(0);
}

/** What runs until it is stopped. */
interface Running {
  readonly log: Log;
  stop(): Promise<void>;
}

async function start(flags: RunFlags): Promise<void> {
  const { run } = await import("./cli/run.ts");
  await run(flags, (gateway) => {
    watch(gateway);
    reopenOnHangup(gateway);
  });
}

function watch(gateway: Running): void {
  stopOnSignals(gateway);
  stopOnUnexpectedErrors(gateway);
}

/** As log rotation expects. Without a file to open anew, a hangup ends the gateway, as it does by default. */
function reopenOnHangup(gateway: Gateway): void {
  const { audit } = gateway.oversight;
  if (audit?.isFile !== true) return;
  process.on("SIGHUP", () => {
    gateway.log("info", "SIGHUP: the audit file is opened anew");
    audit.reopen().catch((error: unknown) => fail(error));
  });
}

/** The first signal drains and exits; the second one exits immediately. */
function stopOnSignals(gateway: Running): void {
  let isStopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT_FAILURE);
      isStopping = true;
      gateway.log("info", `${signal}: shutting down`);
      gateway.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
}

/**
 * The last resort. An error that no callback caught leaves the process in an unknown state: it is logged, running requests may
 * finish, and the exit code is 70, so that a supervisor restarts the gateway.
 */
function stopOnUnexpectedErrors(gateway: Running): void {
  let isStopping = false;
  const stop = (thrown: unknown): void => {
    const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
    gateway.log("error", "Unexpected error: shutting down", { cause });
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(EXIT_SOFTWARE), LAST_STOP_MS).unref();
    void gateway.stop().finally(() => process.exit(EXIT_SOFTWARE));
  };
  process.on("uncaughtException", stop);
  process.on("unhandledRejection", stop);
}

function fail(error: unknown): never {
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") {
    // commander has already printed the usage error or the help.
    process.exit(error.exitCode === 0 || error.exitCode === EXIT_CALL_USAGE ? error.exitCode : EXIT_USAGE);
  }
  const isConfig = error instanceof ConfigError;
  const text = isConfig ? error.message : explain(error);
  process.stderr.write(`${text}\n`);
  process.exit(isConfig ? EXIT_CONFIG : EXIT_FAILURE);
}

await main(process.argv.slice(2)).catch(fail);
