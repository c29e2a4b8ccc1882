import { setFlagsFromString } from "node:v8";
import { loadConfig } from "../config/load.ts";
import { Gateway } from "../gateway.ts";
import { stderrOutput } from "../observability/stderr-output.ts";
import { findConfig, type ConfigFlags } from "./options.ts";
import { version } from "./version.ts";
import { startTable, startWarnings } from "./start-table.ts";

/** Starts the gateway and returns it with what it has to say about itself. */
export async function run(flags: ConfigFlags): Promise<Gateway> {
  letHeapGrow();
  const file = findConfig(flags, process.env);
  const loaded = loadConfig(file.path, process.env);
  const logOutput = stderrOutput();
  const gateway = new Gateway({ version: version(), loaded, env: process.env, logOutput, isServing: true });
  const address = await gateway.start();
  if (file.isBundled) {
    gateway.log(
      "warn",
      "No config.yaml here: serving the bundled example. Copy config.example.yaml to config.yaml to make it yours.",
    );
  }
  logOutput.write(startTable(gateway, address));
  for (const warning of startWarnings(gateway)) gateway.log("warn", warning);
  gateway.log("info", `Sessions are kept ${gateway.sessionPlace}`);
  gateway.log("info", `MCP gateway listening on ${address.address}:${address.port}`, { config: file.path });
  return gateway;
}

/**
 * Up to three times what lives, between two full collections. On its own V8 comes to choose far less while long messages go through
 * (it may choose up to four times), and as their buffers count, every few messages would end in a collection.
 */
function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
