import { parseConfig, type LoadedConfig } from "../config/load.ts";
import { serverNameOf } from "./server-name.ts";

/** What stands for the file in messages. */
const SOURCE = "the command after --";

/** The config of `run -- npx -y some-server`: that one server, for this machine only. */
export function oneServer(command: readonly string[], env: NodeJS.ProcessEnv): LoadedConfig {
  const [program = "", ...args] = command;
  const config = {
    hostname: "127.0.0.1",
    // As it would run in this very shell.
    servers: { [serverNameOf(command)]: { command: program, args, inheritEnv: true } },
  };
  // A shell has filled in what is to be filled in.
  return parseConfig(SOURCE, JSON.stringify(config).replaceAll("${", "$${"), env);
}
