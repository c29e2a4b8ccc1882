import type { Command } from "commander";
import type { ImportFlags } from "./import.ts";

/** Declares the commands `import` and `init`; what they do is loaded when they run. `fail` is called when something is missing. */
export function addFirstConfigCommands(program: Command, fail: () => void): void {
  program
    .command("import <files...>")
    .description(
      "print one config made of the configs of MCP clients and of other gateways; exit code 1 if it lacks something",
    )
    .option("-o, --output <file>", "write to this file, which must not exist, instead of stdout")
    .action(async (files: string[], flags: ImportFlags) => {
      const { importConfig } = await import("./import.ts");
      if (!importConfig(files, flags)) fail();
    });
  program
    .command("init [file]")
    .description("write a first config with a fresh token (default: config.yaml); never overwrites a file")
    .action(async (file: string | undefined) => (await import("./init.ts")).init(file));
}
