import type { Command } from "commander";

/** Options may be written in kebab case or camel case: replaces each option before a `--` with the spelling in which it is declared. */
export function declaredSpellings(argv: readonly string[], program: Command): string[] {
  const names = [program, ...program.commands].flatMap(({ options }) => options.flatMap(({ long }) => long ?? []));
  const declared = new Map(names.map((name) => [plain(name), name]));
  const end = argv.indexOf("--");
  return argv.map((arg, index) => {
    if (!arg.startsWith("--") || (end !== -1 && index >= end)) return arg;
    const [name = "", ...value] = arg.split("=");
    return [declared.get(plain(name)) ?? name, ...value].join("=");
  });
}

const plain = (name: string): string => name.replaceAll("-", "").toLowerCase();
