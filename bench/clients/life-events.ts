import { setTimeout as sleep } from "node:timers/promises";
import { fixture, realServer } from "../../test/helpers/gateway.ts";
import type { Connection } from "./client.ts";
import { begin, goOn, goOnPatiently, goOnWithin, type Probe } from "./probe.ts";
import type { ClientScenario, Restart, Setting } from "./scenario.ts";
import { staged } from "./staged.ts";

const ECHO: Probe = { server: "everything", tool: "echo", args: { message: "hello" }, answer: "Echo: hello" };
const PING: Probe = { server: "strict", tool: "ping", answer: "pong" };
/** The first answer of a process: another one begins anew. */
const COUNT: Probe = { server: "counter", tool: "next", answer: "1" };
const FRAGILE: Probe = { server: "fragile", tool: "echo", args: { message: "hello" }, answer: "hello" };
const CHANGING: Probe = { server: "changing", tool: "ping", answer: "pong" };

/** A process that obeys only SIGKILL, and a sweep. */
const ENDED_MS = 20_000;
const OUTAGE_MS = 8_000;
/** A call whose process dies fails at once; this is for a busy machine. */
const FAILS_MS = 10_000;

/** Something ends while a client is connected, and its next call must succeed. */
export const LIFE_EVENTS: readonly ClientScenario[] = [
  restart("restart", { signal: "SIGTERM" }, ECHO, () => realServer("server-everything")),
  restart("killed", { signal: "SIGKILL" }, PING, ({ strict }) => strict),
  restart("outage", { signal: "SIGTERM", meanwhile: outage }, PING, ({ strict }) => strict),
  {
    name: "process",
    run: (client, setting) =>
      staged({ client, setting, probe: COUNT, server: fixture("counter") }, async (stage, connection) => {
        await stage.endProcesses(COUNT.server, "SIGKILL");
        await goOn(connection, COUNT);
        return "";
      }),
  },
  {
    name: "mid-call",
    run: (client, setting) =>
      staged({ client, setting, probe: FRAGILE, server: fixture("dies-mid-call") }, async (_stage, connection) => {
        const text = await goOnWithin(FAILS_MS, connection, { ...FRAGILE, tool: "kill" }).catch(String);
        if (!text?.includes("ended")) throw new Error(`of a process that dies it was told ${text ?? "nothing"}`);
        await goOn(connection, FRAGILE);
        return "";
      }),
  },
  {
    name: "idle",
    run(client, setting) {
      const limits = { idle: "2s", orphan: "2s" };
      return staged({ client, setting, probe: PING, server: setting.strict, limits }, async (stage, connection) => {
        await stage.noProcess(PING.server, ENDED_MS);
        await goOn(connection, PING);
        return "";
      });
    },
  },
  {
    name: "version",
    run: (client, setting) =>
      staged(
        { client, setting, probe: CHANGING, server: fixture("changes-its-version") },
        async (stage, connection) => {
          await stage.endProcesses(CHANGING.server, "SIGTERM");
          await goOn(connection, CHANGING);
          await begin(connection, CHANGING);
          return "";
        },
      ),
  },
];

/** The gateway's own, on the same port and with the same state. */
function restart(
  name: string,
  restarts: Restart,
  probe: Probe,
  serverFor: (setting: Setting) => object,
): ClientScenario {
  return {
    name,
    restarts,
    run: (client, setting) =>
      staged({ client, setting, probe, server: serverFor(setting) }, async (stage, connection) => {
        await stage.restart(restarts, connection);
        return goOnAfterRestart(connection, setting, probe);
      }),
  };
}

/** Long enough that clients give up what they try again only a few times; a call in it fails. */
async function outage(connection: Connection): Promise<void> {
  const failed = await goOnWithin(OUTAGE_MS / 2, connection, PING).then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error("a call was answered by nobody");
  await sleep(OUTAGE_MS);
}

/** On Streamable HTTP there is nothing to wait for; an HTTP+SSE client opens its stream anew after some seconds. */
export async function goOnAfterRestart(connection: Connection, { transport }: Setting, probe: Probe): Promise<string> {
  if (transport === "streamable") {
    await goOn(connection, probe);
    return "";
  }
  const calls = await goOnPatiently(connection, probe);
  return calls === 1 ? "" : `call ${calls}`;
}
