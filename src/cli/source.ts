import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { atAddress, type AddressFlags } from "./address.ts";
import { oneServer } from "./one-server.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface SourceFlags extends ConfigFlags, AddressFlags {
  /** What stands after `--`: the command of the only server, instead of a config. */
  readonly command?: readonly string[];
}

export interface Source {
  readonly loaded: LoadedConfig;
  /** Nobody said which config, and there is none here. */
  readonly isBundled: boolean;
}

/** The config that the command line means. */
export function readSource(flags: SourceFlags, env: NodeJS.ProcessEnv): Source {
  if (flags.command !== undefined) return { loaded: at(oneServer(flags.command, env), flags), isBundled: false };
  const { path, isBundled } = findConfig(flags, env);
  return { loaded: at(loadConfig(path, env), flags), isBundled };
}

const at = (loaded: LoadedConfig, flags: AddressFlags): LoadedConfig => ({
  ...loaded,
  config: atAddress(loaded.config, flags),
});
