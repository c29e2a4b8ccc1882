import { Counter } from "prom-client";
import { countingMetric, type EventOf } from "./metric.ts";

export const processExits = countingMetric(["server.exited", "server.failed"], ({ registers }) => {
  const exits = new Counter({
    name: "mcp_gateway_process_exits_total",
    help: "Processes of servers that exited: because they were told to (asked), or on their own with code 0 (done), another code (error) or by a signal.",
    labelNames: ["server", "cause"],
    registers,
  });
  const failures = new Counter({
    name: "mcp_gateway_server_failures_total",
    help: "Connections to servers that failed or ended unexpectedly, by the reason that callers are told.",
    labelNames: ["server", "reason"],
    registers,
  });
  return (event) => {
    const { server } = event;
    if (event.type === "server.exited") exits.inc({ server, cause: causeOf(event) });
    else failures.inc({ server, reason: event.error.reason });
  };
});

function causeOf({ asked, signal, code }: EventOf<"server.exited">): string {
  if (asked) return "asked";
  if (signal !== null) return "signal";
  return code === 0 ? "done" : "error";
}
