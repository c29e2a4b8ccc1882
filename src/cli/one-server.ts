import { parseConfig, type LoadedConfig } from "../config/load.ts";
import { serverNameOf } from "./server-name.ts";

/** Stands for the file name in messages. */
const SOURCE = "the command after --";

/** The config for `run -- npx -y some-server`: that one server, reachable from this machine only. */
export function oneServer(command: readonly string[], env: NodeJS.ProcessEnv): LoadedConfig {
  const [program = "", ...args] = command;
  const config = {
    hostname: "127.0.0.1",
    // The server gets the same environment as if it were run from the shell.
    servers: { [serverNameOf(command)]: { command: program, args, inheritEnv: true } },
  };
  // The shell has already expanded variables, so placeholders are escaped.
  return parseConfig(SOURCE, JSON.stringify(config).replaceAll("${", "$${"), env);
}
