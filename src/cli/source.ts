import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { atAddress, type AddressFlags } from "./address.ts";
import { oneServer } from "./one-server.ts";
import { findConfig, type ConfigFlags } from "./options.ts";

export interface SourceFlags extends ConfigFlags, AddressFlags {
  /** The arguments after `--`: the command of the only server, instead of a config. */
  readonly command?: readonly string[];
}

export interface Source {
  readonly loaded: LoadedConfig;
  /** No config was named or found. */
  readonly isBundled: boolean;
}

/** The config selected by the command line. */
export function readSource(flags: SourceFlags, env: NodeJS.ProcessEnv): Source {
  if (flags.command !== undefined) return { loaded: at(oneServer(flags.command, env), flags), isBundled: false };
  const { path, isBundled } = findConfig(flags, env);
  return { loaded: at(loadConfig(path, env), flags), isBundled };
}

const at = (loaded: LoadedConfig, flags: AddressFlags): LoadedConfig => ({
  ...loaded,
  config: atAddress(loaded.config, flags),
});
