import { fixture } from "../../test/helpers/gateway.ts";
import type { Connection } from "./client.ts";
import { goOnAfterRestart } from "./life-events.ts";
import { mcpRemote } from "./mcp-remote.ts";
import { begin, type Probe } from "./probe.ts";
import type { ClientScenario } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { targetOf } from "./staged.ts";

const SLOW: Probe = { server: "slow", tool: "echo", args: { message: "hello" }, answer: "hello" };
const AT_ONCE = 20;

/**
 * Twenty people begin their day: nothing is warm, and the server takes its time, as one that npx has to download. Then the gateway
 * is restarted, and all of them go on at once.
 */
export const TWENTY: ClientScenario = {
  name: "twenty",
  only: mcpRemote,
  async run(client, setting) {
    await using stage = await Stage.open({ servers: { slow: fixture("slow-start") } });
    const target = targetOf(stage, SLOW.server, setting.transport);
    const connections: Connection[] = [];
    try {
      await all("began", async () => {
        const connection = await client.open(target);
        connections.push(connection);
        await begin(connection, SLOW);
      });
      await stage.restart({ signal: "SIGTERM" });
      await all("went on", async (at) => {
        const connection = connections[at];
        if (connection !== undefined) await goOnAfterRestart(connection, setting, SLOW);
      });
    } finally {
      await Promise.allSettled(connections.map((connection) => connection.close()));
    }
    return `${AT_ONCE} of ${AT_ONCE}`;
  },
};

async function all(what: string, run: (at: number) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, at) => run(at)));
  const failures = outcomes.filter((outcome) => outcome.status === "rejected");
  if (failures.length === 0) return;
  throw new Error(`${AT_ONCE - failures.length} of ${AT_ONCE} ${what}: ${String(failures[0]?.reason)}`);
}
