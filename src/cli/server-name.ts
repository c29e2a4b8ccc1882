import { suggestName } from "../config/server-names.ts";

const FALLBACK = "server";
/** Commands and subcommands that run a package or a script. */
const LAUNCHERS =
  /^(?:npx|npm|pnpm|yarn|bunx|bun|deno|uvx|uv|pipx|node|python[\d.]*|docker|podman|sh|bash|env|exec|dlx|x|tool|run)$/;
/** Options that take the next argument as their value. */
const WITH_VALUE =
  /^(?:-e|--env|--env-file|-v|--volume|--mount|--name|--network|--net|-p|--publish|-u|--user|-w|--workdir|--from|--with|--python|--import|--require|-r)$/;

/**
 * Derives a server name from the package, image or script in its command: `npx -y @modelcontextprotocol/server-everything` →
 * `everything`. Falls back to `server`.
 */
export function serverNameOf(command: readonly string[]): string {
  return suggestName(shortened(withoutPlace(subjectOf(command)))) ?? FALLBACK;
}

/** The first word that is neither a launcher nor an option. */
function subjectOf(words: readonly string[]): string {
  const at = words.findIndex((word, index) => {
    if (word.startsWith("-") || WITH_VALUE.test(words[index - 1] ?? "")) return false;
    return !LAUNCHERS.test(word.replace(/^.*[/\\]/, ""));
  });
  return words[at] ?? words[0] ?? "";
}

/** Without scope, folders, version and extension; for `dist/index.js` the name of the folder above it. */
function withoutPlace(subject: string): string {
  const parts = subject.split(/[/\\]/).map((part) => part.replace(/\.(?:[cm]?[jt]s|py|sh|exe)$/, ""));
  const telling = parts.filter(
    (part) => !/^(?:|\.{1,2}|dist|build|src|bin|lib|index|main|(?:mcp|server|mcp-server)(?:@.*)?)$/.test(part),
  );
  return (telling.at(-1) ?? "").replace(/(?<=.)(?:@|:|==).*$/, "");
}

/** `mcp-server-git`, `server-git` and `git-mcp` all become `git`. */
function shortened(name: string): string {
  const short = name.replace(/^(?:mcp[-_])?(?:server[-_])?/i, "").replace(/(?:[-_]mcp)?(?:[-_]server)?$/i, "");
  return short === "" ? name : short;
}
