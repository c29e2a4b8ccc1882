import { Counter } from "prom-client";
import { countingMetric, registerGauge } from "./metric.ts";

/** The Redis in which several gateways count together. */
export const store = countingMetric(["store.lost", "store.back"], ({ registers }) => {
  const losses = new Counter({
    name: "mcp_gateway_store_losses_total",
    help: "How often the Redis of the rate limits was lost.",
    registers,
  });
  const down = registerGauge({
    name: "mcp_gateway_store_down",
    help: "1 while the Redis of the rate limits is lost.",
    registers,
  });
  return ({ type }) => {
    const isLost = type === "store.lost";
    if (isLost) losses.inc();
    down.set(isLost ? 1 : 0);
  };
});
