import type { ProcessState } from "../../protocol/upstream.ts";
import { readMetric, registerCounter, registerGauge, type MetricContext } from "./metric.ts";

const STATES: readonly ProcessState[] = ["used", "warm", "starting", "ending"];

/** Server processes and what they cost, read when somebody scrapes. Without /proc only their number is known. */
export const processes = readMetric((context) => {
  count(context);
  memory(context);
  cpu(context);
});

function count({ registers, sources }: MetricContext): void {
  registerGauge({
    name: "mcp_gateway_processes",
    help: "Processes of servers, without their own children.",
    labelNames: ["server", "state"],
    registers,
    collect() {
      this.reset();
      for (const { name } of sources.servers()) for (const state of STATES) this.set({ server: name, state }, 0);
      for (const { server, state } of sources.processes()) this.inc({ server, state });
    },
  });
}

function memory({ registers, sources }: MetricContext): void {
  registerGauge({
    name: "mcp_gateway_process_rss_bytes",
    help: "Resident memory of the processes of servers, with their children. Memory that they share is counted for each.",
    labelNames: ["server", "state"],
    registers,
    async collect() {
      const { bytes } = await sources.usage();
      this.reset();
      for (const { server, state, pid } of sources.processes()) {
        const found = bytes.get(pid);
        if (found !== undefined) this.inc({ server, state }, found);
      }
    },
  });
}

function cpu({ registers, sources }: MetricContext): void {
  registerCounter({
    name: "mcp_gateway_process_cpu_seconds_total",
    help: "CPU time of the processes of servers, with their children, as of the scrapes: the last bit before an end is missing.",
    labelNames: ["server"],
    registers,
    async collect() {
      const { cpuSeconds } = await sources.usage();
      this.reset();
      for (const [server, seconds] of cpuSeconds) this.inc({ server }, seconds);
    },
  });
}
