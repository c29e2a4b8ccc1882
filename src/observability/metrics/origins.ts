import { Counter } from "prom-client";
import { countingMetric, registerGauge } from "./metric.ts";

/** Where remote servers are; several can have one origin. */
export const origins = countingMetric(["origin.paused", "origin.resumed"], ({ registers }) => {
  const pauses = new Counter({
    name: "mcp_gateway_origin_pauses_total",
    help: "How often calls to an origin began to be refused, because it could not be reached.",
    labelNames: ["origin"],
    registers,
  });
  const paused = registerGauge({
    name: "mcp_gateway_origin_paused",
    help: "1 while calls to an origin are refused, because it could not be reached; 0 since it answers again.",
    labelNames: ["origin"],
    registers,
  });
  return ({ type, origin }) => {
    const isPaused = type === "origin.paused";
    if (isPaused) pauses.inc({ origin });
    paused.set({ origin }, isPaused ? 1 : 0);
  };
});
