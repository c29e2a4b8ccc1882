import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { consoleConfig } from "../gateway-config.ts";

/** An environment variable of all children and their descendants, by which they can be found. */
export const MARK = "MCP_GATEWAY_SOAK";

/** Entries with warm processes, good ones and others. */
const WARM: Readonly<Record<string, number>> = { echo: 2, "slow-start": 1, daemonizes: 1, "exits-at-once": 1 };

/** The maximum number of warm processes while there are no sessions. */
export const WAITING_PROCESSES = Object.values(WARM).reduce((sum, count) => sum + count, 0);

/** A config with every misbehaving server of the test fixtures, and limits small enough that all of them are reached. */
export function soakConfig(mark: string): string {
  const folder = fileURLToPath(new URL("../../test/fixtures/servers", import.meta.url));
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".mjs") ? basename(file, ".mjs") : []));
  const entry = (name: string): object => ({
    command: process.execPath,
    args: [join(folder, `${name}.mjs`)],
    env: { [MARK]: mark, START_MS: "500" },
    warm: WARM[name] ?? 0,
  });
  return stringify({
    hostname: "127.0.0.1",
    port: 0,
    ...consoleConfig(true),
    rest: { idle: "4s", timeout: "2s" },
    limits: {
      sessions: 40,
      sessionsPerServer: 12,
      crashLoop: 20,
      startsPerSecond: 20,
      startBurst: 20,
      startQueue: "3s",
      messageBytes: "1MiB",
      bodyBytes: "256KiB",
      queueBytes: "256KiB",
      streamBytes: "128KiB",
      stall: "3s",
      heartbeat: "1s",
      idle: "6s",
      start: "4s",
      request: "2s",
      requestMax: "5s",
    },
    servers: Object.fromEntries(names.map((name) => [name, entry(name)])),
  });
}
