import { readMetric, registerGauge } from "./metric.ts";

export const upstreamHealth = readMetric(({ registers, sources }) => {
  registerGauge({
    name: "mcp_gateway_server_up",
    help: "0 while the last start of a server, or the last connection to it, failed or its circuit is open; else 1.",
    labelNames: ["server"],
    registers,
    collect() {
      this.reset();
      for (const { name, isUp } of sources.servers()) this.set({ server: name }, isUp ? 1 : 0);
    },
  });
  registerGauge({
    name: "mcp_gateway_circuit_open",
    help: "1 while new sessions of a server are refused because it failed too often.",
    labelNames: ["server"],
    registers,
    collect() {
      this.reset();
      for (const { name, circuit } of sources.servers())
        if (circuit !== undefined) this.set({ server: name }, circuit === "open" ? 1 : 0);
    },
  });
});
