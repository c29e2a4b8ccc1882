import { collectDefaultMetrics, Gauge } from "prom-client";
import { readMetric } from "./metric.ts";

/** The gateway itself: event-loop delay, memory, garbage collection, CPU, under the usual names for Node. */
export const runtime = readMetric(({ registers, sources }) => {
  const [register] = registers;
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 20 });
  new Gauge({
    name: "mcp_gateway_build_info",
    help: "Always 1; the labels tell what is running.",
    labelNames: ["version", "node"],
    registers,
  }).set({ version: sources.version, node: process.versions.node }, 1);
});
