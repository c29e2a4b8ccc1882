import { setTimeout as sleep } from "node:timers/promises";
import { fixture } from "../../test/helpers/gateway.ts";
import type { ClientKind, Connection } from "./client.ts";
import { begin, goOn, type Probe } from "./probe.ts";
import type { ClientScenario, Setting } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { targetOf } from "./staged.ts";

const COUNT: Probe = { server: "counter", tool: "next", answer: "1" };
const SESSIONS = 6;
const INTRUDERS = 12;
/** From then on a session makes room whose client neither completed the handshake nor listens. */
const ABANDONED_MS = 10_500;
const ANN = { username: "ann", password: "one" };
const MALLORY = { username: "mallory", password: "two" };

/** Somebody opens session after session and uses none; those who work are left alone. */
export const EVICTION: ClientScenario = {
  name: "eviction",
  async run(client, setting) {
    await using stage = await Stage.open({
      limits: { sessions: SESSIONS },
      auth: { basic: { enabled: true, credentials: [ANN, MALLORY] } },
      servers: { counter: fixture("counter") },
    });
    const connections = [await openAs(ANN, client, stage, setting), await openAs(ANN, client, stage, setting)];
    try {
      for (const connection of connections) await begin(connection, COUNT);
      const url = `${stage.gateway.url}/counter/mcp`;
      const before = await intrude(url);
      for (const connection of connections) await goOn(connection, { ...COUNT, answer: "2" });
      await sleep(ABANDONED_MS);
      const after = await intrude(url);
      // The same process: it goes on counting.
      for (const connection of connections) await goOn(connection, { ...COUNT, answer: "3" });
      return `${before + after} of ${INTRUDERS * 2} let in`;
    } finally {
      for (const connection of connections) await connection.close().catch(() => undefined);
    }
  },
};

const headersOf = ({ username, password }: typeof ANN): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
});

function openAs(user: typeof ANN, client: ClientKind, stage: Stage, { transport }: Setting): Promise<Connection> {
  return client.open({ ...targetOf(stage, COUNT.server, transport), headers: headersOf(user) });
}

/** Resolves with how many were let in. */
async function intrude(url: string): Promise<number> {
  const statuses = await Promise.all(Array.from({ length: INTRUDERS }, () => initialize(url)));
  return statuses.filter((status) => status === 200).length;
}

async function initialize(url: string): Promise<number> {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "mallory", version: "1" } };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      ...headersOf(MALLORY),
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
  await response.text();
  return response.status;
}
