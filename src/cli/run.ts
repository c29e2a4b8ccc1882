import { setFlagsFromString } from "node:v8";
import { Gateway } from "../gateway.ts";
import { stderrOutput } from "../observability/stderr-output.ts";
import { isInContainer } from "./container.ts";
import { readSource, type SourceFlags } from "./source.ts";
import { version } from "./version.ts";
import { startTable, startWarnings } from "./start-table.ts";

/** Starts the gateway and returns it with what it has to say about itself. */
export async function run(flags: SourceFlags): Promise<Gateway> {
  letHeapGrow();
  const { loaded, isBundled } = readSource(flags, process.env);
  const logOutput = stderrOutput();
  const gateway = new Gateway({ version: version(), loaded, env: process.env, logOutput, isServing: true });
  const address = await gateway.start();
  if (isBundled) {
    gateway.log(
      "warn",
      "No config.yaml in this folder: serving the bundled example. Copy config.example.yaml to config.yaml to change it.",
    );
  }
  logOutput.write(startTable(gateway, address));
  for (const { level, text } of loaded.notes) gateway.log(level, text);
  for (const warning of startWarnings(gateway, isInContainer(process.env))) gateway.log("warn", warning);
  gateway.log("info", `Sessions are kept ${gateway.sessionPlace}`);
  gateway.log("info", `MCP gateway listening on ${address.address}:${address.port}`, { config: loaded.file });
  return gateway;
}

/**
 * Up to three times what lives, between two full collections. On its own V8 comes to choose far less while long messages go through
 * (it may choose up to four times), and as their buffers count, every few messages would end in a collection.
 */
function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
