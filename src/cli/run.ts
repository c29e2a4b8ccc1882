import { setFlagsFromString } from "node:v8";
import { Gateway } from "../gateway.ts";
import { stderrOutput } from "../observability/std-outputs.ts";
import { isInContainer } from "./container.ts";
import { readSource, type SourceFlags } from "./source.ts";
import { version } from "./version.ts";
import { startTable, startWarnings } from "./start-table.ts";

/**
 * Starts the gateway and prints its startup table and warnings. `watch` is called before it listens or starts a process: a signal
 * must not find a gateway that nobody stops.
 */
export async function run(flags: SourceFlags, watch: (gateway: Gateway) => void): Promise<void> {
  letHeapGrow();
  const { loaded, isBundled } = readSource(flags, process.env);
  const logOutput = stderrOutput();
  const gateway = new Gateway({ version: version(), loaded, env: process.env, logOutput, isServing: true });
  watch(gateway);
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
  const { limits, audit } = gateway.oversight;
  if (limits !== undefined) gateway.log("info", `Requests are counted ${limits.place}`);
  if (audit !== undefined) gateway.log("info", `The audit trail is written ${audit.place}`);
  const metrics = gateway.metricsAddress;
  if (metrics !== undefined) gateway.log("info", `Metrics are served on ${metrics.address}:${metrics.port}/metrics`);
  gateway.log("info", `MCP gateway listening on ${address.address}:${address.port}`, { config: loaded.file });
}

/**
 * Lets the heap triple between two full collections. By default V8 settles on a much smaller factor (at most four) under long
 * messages, and because their buffers count towards it, every few messages would trigger a full collection.
 */
function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
