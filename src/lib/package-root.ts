import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of the installed package, whether this file runs from `src/` or is part of a file in `dist/`. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
