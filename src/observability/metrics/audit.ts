import { Counter } from "prom-client";
import { countingMetric, registerGauge } from "./metric.ts";

export const audit = countingMetric(["audit.failed", "audit.back", "audit.dropped"], ({ registers }) => {
  const dropped = new Counter({
    name: "mcp_gateway_audit_dropped_lines_total",
    help: "Lines that are missing in the audit trail, because too many waited to be written.",
    registers,
  });
  const failing = registerGauge({
    name: "mcp_gateway_audit_failing",
    help: "1 while the audit trail cannot be written.",
    registers,
  });
  return (event) => {
    if (event.type === "audit.dropped") dropped.inc(event.lines);
    else failing.set(event.type === "audit.failed" ? 1 : 0);
  };
});
