import { Counter, Histogram } from "prom-client";
import { countingMetric } from "./metric.ts";

export const processStarts = countingMetric(["server.started", "server.ready"], ({ registers }) => {
  const starts = new Counter({
    name: "mcp_gateway_process_starts_total",
    help: "Processes of servers that were started, for a session or ahead of need (warm).",
    labelNames: ["server", "warm"],
    registers,
  });
  const seconds = new Histogram({
    name: "mcp_gateway_process_start_seconds",
    help: "From the start of a process to its first message; of a warm one, from when a session takes it.",
    labelNames: ["server"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 90],
    registers,
  });
  return (event) => {
    const { server } = event;
    if (event.type === "server.started") starts.inc({ server, warm: String(event.isWarm) });
    else seconds.observe({ server }, event.ms / 1_000);
  };
});
