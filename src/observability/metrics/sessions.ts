import { Counter } from "prom-client";
import { countingMetric, readMetric, registerGauge } from "./metric.ts";

export const sessions = readMetric(({ registers, sources }) => {
  registerGauge({
    name: "mcp_gateway_sessions",
    help: "Sessions, by whether they have a process (active) or wait without one (hibernating).",
    labelNames: ["server", "transport", "era", "state"],
    registers,
    collect() {
      this.reset();
      for (const { server, transport, era, hasProcess } of sources.sessions())
        this.inc({ server, transport, era, state: hasProcess ? "active" : "hibernating" });
    },
  });
});

export const sessionsOpened = countingMetric(["session.opened", "session.woken"], ({ registers }) => {
  const opened = new Counter({
    name: "mcp_gateway_sessions_opened_total",
    help: "Sessions that were opened.",
    labelNames: ["server", "transport"],
    registers,
  });
  const woken = new Counter({
    name: "mcp_gateway_session_wakes_total",
    help: "Sessions that got a new process after they had lost theirs.",
    labelNames: ["server"],
    registers,
  });
  return (event) => {
    const { server } = event;
    if (event.type === "session.opened") opened.inc({ server, transport: event.transport });
    else woken.inc({ server });
  };
});

export const sessionEnds = countingMetric(["session.closed", "session.hibernated"], ({ registers }) => {
  const ends = new Counter({
    name: "mcp_gateway_session_ends_total",
    help: "Sessions that ended (closed) or lost their process and wait for their client (hibernated).",
    labelNames: ["server", "end", "reason"],
    registers,
  });
  const evictions = new Counter({
    name: "mcp_gateway_session_evictions_total",
    help: "Sessions that lost their process because another one needed the place.",
    labelNames: ["server"],
    registers,
  });
  return ({ type, server, reason }) => {
    ends.inc({ server, end: type === "session.closed" ? "closed" : "hibernated", reason });
    if (reason === "evicted") evictions.inc({ server });
  };
});
