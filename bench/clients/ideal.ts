import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/helpers/gateway-with-stderr.ts";
import { until } from "../../test/helpers/until.ts";
import type { ClientKind } from "./client.ts";
import { goOnAfterRestart } from "./life-events.ts";
import { begin, type Probe } from "./probe.ts";
import type { Restart, Setting } from "./scenario.ts";

const PING: Probe = { server: "ideal", tool: "ping", answer: "pong" };
const FILE = fileURLToPath(new URL("../ideal-mcp-server.mjs", import.meta.url));

/**
 * Does this client survive the restart of a server on the SDK that keeps no state, with no gateway between them? What it does
 * not survive then is its own limit.
 */
export async function survivesIdealRestart(
  client: ClientKind,
  setting: Setting,
  { signal, meanwhile }: Restart,
): Promise<boolean> {
  const port = await freePort();
  let server = await start(port);
  try {
    const url = `http://127.0.0.1:${port}/${setting.transport === "sse" ? "sse" : "mcp"}`;
    const connection = await client.open({ url, transport: setting.transport });
    try {
      await begin(connection, PING);
      const ended = once(server, "exit");
      server.kill(signal);
      await ended;
      await meanwhile?.(connection);
      server = await start(port);
      await goOnAfterRestart(connection, setting, PING);
      return true;
    } catch {
      return false;
    } finally {
      await connection.close().catch(() => undefined);
    }
  } finally {
    server.kill("SIGKILL");
  }
}

async function start(port: number): Promise<ChildProcess> {
  const server = spawn(process.execPath, [FILE, String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(() => said.includes("listening on"), { deadlineMs: 20_000, what: "the ideal server listens" });
  return server;
}
