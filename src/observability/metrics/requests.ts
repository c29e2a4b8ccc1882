import { methods } from "../../protocol/methods.ts";
import { readMetric, registerCounter } from "./metric.ts";

/** Requests of every method. */
export const requests = readMetric(({ registers, sources }) => {
  registerCounter({
    name: "mcp_gateway_requests_total",
    help: "MCP requests that have ended, by method and by what they ended with.",
    labelNames: ["server", "method", "transport", "outcome"],
    registers,
    collect() {
      this.reset();
      for (const { server, method, transport, outcome, count } of sources.tallies())
        this.inc({ server, method, transport, outcome }, count);
    },
  });
  registerCounter({
    name: "mcp_gateway_list_tools",
    help: "Requests for the list of tools of a server (the name is that of matthisholleville/mcp-gateway).",
    labelNames: ["proxy"],
    registers,
    collect() {
      this.reset();
      for (const { server, method, count } of sources.tallies())
        if (method === methods.listTools) this.inc({ proxy: server }, count);
    },
  });
});
