import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageRoot } from "../lib/package-root.ts";

export interface ConfigFlags {
  readonly config?: string;
}

export interface ConfigFile {
  readonly path: string;
  /** No config was named or found: this is the example that is installed with the gateway. */
  readonly isBundled: boolean;
}

/** `-c` > `CONFIG_PATH` > `./config.yaml` > `./config.yml` > the bundled example. */
export function findConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv): ConfigFile {
  const named = flags.config ?? env["CONFIG_PATH"];
  if (named !== undefined && named !== "") return { path: named, isBundled: false };
  const here = ["config.yaml", "config.yml"].find((name) => existsSync(resolve(name)));
  if (here !== undefined) return { path: here, isBundled: false };
  return { path: join(packageRoot(), "config.example.yaml"), isBundled: true };
}
