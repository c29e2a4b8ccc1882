import type { Prometheus } from "../../test/helpers/prometheus.ts";

interface CallCount {
  sent: number;
  answered: number;
}

/** Its calls are made by an abuse too, which does not count them. */
const UNCOUNTED: ReadonlySet<string> = new Set(["floods-stdout"]);

/** Counts the calls of the visitors by server, to compare them with what a Prometheus has read from the gateway. */
export class CallCounts {
  readonly #byServer = new Map<string, CallCount>();

  /** What is returned is called with whether there was an answer without an error. */
  sent(server: string): (isAnswered: boolean) => void {
    const count = this.#byServer.get(server) ?? { sent: 0, answered: 0 };
    this.#byServer.set(server, count);
    count.sent++;
    return (isAnswered) => {
      if (isAnswered) count.answered++;
    };
  }

  /**
   * Where the gateway's figures do not agree with the clients'. It may count fewer calls than were sent, because clients leave and
   * calls are refused, but not fewer than were answered.
   */
  async disagreements(prometheus: Prometheus): Promise<string[]> {
    const wrong: string[] = [];
    for (const [server, { sent, answered }] of this.#byServer) {
      const sum = (metric: string): Promise<number> => prometheus.sum(`${metric}{proxy="${server}"}`);
      const called = await sum("mcp_gateway_tools_called");
      const succeeded = await sum("mcp_gateway_tools_call_success");
      const failed = await sum("mcp_gateway_tools_call_errors");
      const timed = await prometheus.sum(`mcp_gateway_tool_duration_seconds_count{server="${server}"}`);
      const cancelled = await prometheus.sum(
        `mcp_gateway_tool_duration_seconds_count{server="${server}",outcome="cancelled"}`,
      );
      const figures = `${server}: ${sent} sent, ${answered} answered; called ${called}, success ${succeeded}, errors ${failed}, timed ${timed}`;
      const isWithin = called >= answered && succeeded <= called && (called <= sent || UNCOUNTED.has(server));
      if (!isWithin || succeeded + failed + cancelled !== called || timed !== called) wrong.push(figures);
    }
    return wrong;
  }

  get text(): string {
    const counts = [...this.#byServer.values()];
    const sent = counts.reduce((sum, count) => sum + count.sent, 0);
    const answered = counts.reduce((sum, count) => sum + count.answered, 0);
    return `${sent} calls of ${counts.length} servers sent, ${answered} answered without an error`;
  }
}
