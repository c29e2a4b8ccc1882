import { closest } from "../lib/closest.ts";

export interface Arguments {
  /** The arguments before `--`. */
  readonly own: readonly string[];
  /** The arguments after `--`; undefined without a `--`. */
  readonly command: readonly string[] | undefined;
}

/** Commands that start servers, and so accept a server's command after `--`. */
const STARTS = ["run", "serve", "openapi", "tools", "call"];
/** The command that takes a URL. */
const CONNECT = "connect";
/** Commands that take arguments: a URL, files. */
const WITH_ARGUMENTS = [CONNECT, "import", "init", "tools", "call"];

export function splitArguments(given: readonly string[]): Arguments {
  // The other program that has this option has no commands.
  const argv = given[0] === "--enterprise" ? [CONNECT, ...given] : given;
  const at = argv.indexOf("--");
  return at === -1 ? { own: argv, command: undefined } : { own: argv.slice(0, at), command: argv.slice(at + 1) };
}

/**
 * What is wrong with the positional arguments. Because there is a default command, commander takes a mistyped command for an
 * argument of it, and the command of a server without `--` for the gateway's own options.
 */
export function wordMistake({ own, command }: Arguments, names: readonly string[]): string | undefined {
  const [first = "", second = ""] = own;
  const isNamed = names.includes(first);
  const isOption = first === "" || first.startsWith("-");
  if (command?.length === 0) return "-- must be followed by the command of a server, such as npx -y some-server";
  if (command !== undefined && isNamed && !STARTS.includes(first))
    return `${first} takes no server command; only ${STARTS.join(", ")} do`;
  if (isOption || first === "help") return undefined;
  if (!isNamed) return `unknown command "${first}".${hint(first, names)} Commands: ${names.join(", ")}`;
  if (second === "" || second.startsWith("-") || WITH_ARGUMENTS.includes(first)) return undefined;
  return `${first} takes no argument "${second}".${STARTS.includes(first) ? wordHint(second) : fileHint(second)}`;
}

function hint(word: string, names: readonly string[]): string {
  const near = closest(word, names);
  return near === undefined ? wordHint(word) : ` Did you mean ${near}?`;
}

function wordHint(word: string): string {
  return fileHint(word) || ` Put the command of a server after --: mcp-gateway run -- ${word} …`;
}

function fileHint(word: string): string {
  return /\.(?:ya?ml|jsonc?)$/.test(word) ? ` Did you mean -c ${word}?` : "";
}
