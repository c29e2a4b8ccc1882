import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

/** An environment variable of all children and their descendants, by which they can be found. */
export const MARK = "MCP_GATEWAY_ATTACK";
/** One principal each. */
export const TOKENS: readonly string[] = [
  "attack-token-one-0123456789",
  "attack-token-two-0123456789",
  "attack-token-3-0123456789",
];
export const STALL_MS = 3_000;
/** Longer than any client of the attack is idle, and short enough to wait for at the end. */
export const IDLE_MS = 8_000;

const FIXTURES = [
  "echo",
  "slow-start",
  "dies-mid-call",
  "exits-at-random",
  "exits-at-once",
  "closes-stdout",
  "never-answers",
  "never-initializes",
  "never-reads-stdin",
  "wrong-ids",
  "duplicate-ids",
  "bad-results",
  "bad-utf8",
  "prints-rubbish",
  "floods-stderr",
  "floods-stdout",
  "one-huge-message",
  "ignores-sigterm",
  "setsid-grandchild",
  "last-words",
  "hostile-schemas",
  "doubling-schemas",
];

/** A config with limits small enough that all of them are reached. */
export function attackConfig(mark: string): string {
  const folder = fileURLToPath(new URL("../../test/fixtures/servers", import.meta.url));
  const env = { [MARK]: mark, START_MS: "500" };
  const node = (name: string): object => ({ command: process.execPath, args: [`${folder}/${name}.mjs`], env });
  return stringify({
    hostname: "127.0.0.1",
    port: 0,
    logging: { format: "json" },
    auth: { bearer: { tokens: TOKENS } },
    rest: { idle: "4s", timeout: "4s", catalogAge: "10s", replayAge: "3s", replayBytes: "4MiB" },
    limits: {
      sessions: 80,
      sessionsPerServer: 48,
      sessionsPerPrincipal: 56,
      inFlight: 16,
      crashLoop: 0,
      startsPerSecond: 12,
      startBurst: 12,
      startingPerServer: 4,
      startQueue: "3s",
      messageBytes: "6MiB",
      streamBytes: "512KiB",
      stall: `${STALL_MS}ms`,
      heartbeat: "1s",
      idle: `${IDLE_MS}ms`,
      orphan: "2s",
      start: "5s",
      request: "4s",
      requestMax: "8s",
    },
    servers: {
      ...Object.fromEntries(FIXTURES.map((name) => [name, node(name)])),
      garbage: { command: "yes", env },
      "no-such-command": { command: "/nowhere/no-such-command", env },
    },
  });
}
