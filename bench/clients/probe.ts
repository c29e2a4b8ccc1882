import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./client.ts";

/** A tool of a server, and what it must answer. */
export interface Probe {
  readonly server: string;
  readonly tool: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly answer: string;
}

/** As a user would press the button again, when the client has to open its stream anew. */
const PATIENCE_MS = 20_000;
const PRESS_EVERY_MS = 500;
const PRESS_MS = 5_000;

/** Lists tools and calls one. */
export async function begin(connection: Connection, probe: Probe): Promise<void> {
  const tools = await connection.tools();
  if (!tools.includes(probe.tool)) throw new Error(`the tools were ${JSON.stringify(tools)}`);
  await goOn(connection, probe);
}

/** One call, which must succeed. */
export async function goOn(connection: Connection, { tool, args, answer }: Probe): Promise<void> {
  const text = await connection.call(tool, args);
  if (text !== answer) throw new Error(`the answer was ${JSON.stringify(text.slice(0, 200))}`);
}

/** The same call by the same client until it succeeds. Resolves with the number of calls. */
export async function goOnPatiently(connection: Connection, probe: Probe): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let calls = 1; ; calls++) {
    try {
      await goOnWithin(PRESS_MS, connection, probe);
      return calls;
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await sleep(PRESS_EVERY_MS);
  }
}

/** What has not come after `ms` is not waited for. */
export function goOnWithin(ms: number, connection: Connection, probe: Probe): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([goOn(connection, probe), late]).finally(() => clearTimeout(timer));
}
