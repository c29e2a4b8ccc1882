import type { ClientKind, Connection, Target, Transport } from "./client.ts";
import { begin, type Probe } from "./probe.ts";
import type { Setting } from "./scenario.ts";
import { Stage } from "./stage.ts";

export interface Scene {
  readonly client: ClientKind;
  readonly setting: Setting;
  readonly probe: Probe;
  /** Its entry of the catalog. */
  readonly server: object;
  readonly limits?: object;
}

/** With a client that is connected and has made its first call; `event` is what happens then. */
export async function staged(
  { client, setting, probe, server, limits = {} }: Scene,
  event: (stage: Stage, connection: Connection) => Promise<string>,
): Promise<string> {
  await using stage = await Stage.open({ limits, servers: { [probe.server]: server } });
  const connection = await client.open(targetOf(stage, probe.server, setting.transport));
  try {
    await begin(connection, probe);
    return await event(stage, connection);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

export function targetOf({ gateway }: Stage, server: string, transport: Transport): Target {
  return { url: `${gateway.url}/${server}/${transport === "sse" ? "sse" : "mcp"}`, transport };
}
