import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The root folder of the installed package, whether this code runs from `src/` or from a bundle in `dist/`. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
