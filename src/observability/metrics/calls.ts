import { methods } from "../../protocol/methods.ts";
import type { Tally } from "../tallies.ts";
import { readMetric, registerCounter } from "./metric.ts";
import { TallyHistogram } from "./tally-histogram.ts";

/** Calls of tools. Three names, and the label `proxy` (the server), are those of matthisholleville/mcp-gateway. */
export const calls = readMetric(({ registers, sources }) => {
  const tallies = (): Tally[] => sources.tallies().filter(({ method }) => method === methods.callTool);
  const counter = (name: string, help: string, counts: (tally: Tally) => boolean): void => {
    registerCounter({
      name,
      help,
      labelNames: ["tool", "proxy"],
      registers,
      collect() {
        this.reset();
        for (const tally of tallies())
          if (counts(tally)) this.inc({ tool: tally.tool, proxy: tally.server }, tally.count);
      },
    });
  };
  counter("mcp_gateway_tools_called", "Calls of a tool that have ended, however they ended.", () => true);
  counter(
    "mcp_gateway_tools_call_errors",
    "Calls of a tool that ended with an error: of the protocol, of the gateway, or a result with isError.",
    ({ outcome }) => outcome !== "result" && outcome !== "cancelled",
  );
  counter(
    "mcp_gateway_tools_call_success",
    "Calls of a tool that ended with a result.",
    ({ outcome }) => outcome === "result",
  );
  return new TallyHistogram({
    name: "mcp_gateway_tool_duration_seconds",
    help: "From the arrival of a call to its answer, by what it ended with.",
    registers,
    tallies,
  });
});
