import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { descriptorsOf, fixture, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { send } from "../helpers/streamable-client.ts";
import { until } from "../helpers/until.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};
const HEADERS = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };

interface Outcome {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly sessionId: string | undefined;
}

/** The outcome; undefined when the connection was not accepted. */
async function initialize(gateway: GatewayProcess): Promise<Outcome | undefined> {
  try {
    const answer = await send(`${gateway.url}/echo/mcp`, { headers: HEADERS, body: JSON.stringify(INITIALIZE) });
    await answer.over();
    const { status, headers } = answer;
    const sessionId = headers["mcp-session-id"];
    return {
      status,
      retryAfter: headers["retry-after"],
      sessionId: typeof sessionId === "string" ? sessionId : undefined,
    };
  } catch {
    return undefined;
  }
}

const healthy = async (gateway: GatewayProcess): Promise<boolean> =>
  (await send(`${gateway.url}/health`, { method: "GET" })).status === 200;

async function leave(gateway: GatewayProcess, sessionId: string): Promise<void> {
  const headers = { "Mcp-Session-Id": sessionId };
  const end = async (): Promise<number> =>
    (await send(`${gateway.url}/echo/mcp`, { method: "DELETE", headers })).status;
  // 404: its process could not be started, and the session ended.
  await until(async () => [204, 404].includes(await end()), { what: "the session is ended" });
}

describe.each([
  [44, 0],
  [44, 2],
  [54, 1],
  [64, 3],
])("a gateway that may have %i files open, with %i warm processes,", (openFiles, warm) => {
  it("lives through a flood of sessions, refuses with 503 what is too much, and serves again when they are gone", async () => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo", { warm }) } }, { openFiles });
    expect(gateway.log()).toMatch(/\[WARN\].*open files/);
    const opened: string[] = [];
    const refused: Outcome[] = [];
    for (let round = 0; round < 3; round++) {
      const outcomes = (await Promise.all(Array.from({ length: 10 }, () => initialize(gateway)))).filter(
        (outcome) => outcome !== undefined,
      );
      for (const outcome of outcomes) {
        if (outcome.sessionId === undefined) refused.push(outcome);
        else opened.push(outcome.sessionId);
      }
      await until(() => healthy(gateway), { what: "it answers /health" });
      expect(descriptorsOf(gateway.pid)).toBeLessThan(openFiles - 4);
    }
    expect(opened.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
    expect(refused.every(({ retryAfter }) => /^\d+$/.test(retryAfter ?? ""))).toBe(true);
    expect(gateway.log()).not.toMatch(/TypeError|ReferenceError|EMFILE/);

    for (const sessionId of opened) await leave(gateway, sessionId);
    const again = await until(async () => (await initialize(gateway))?.sessionId, {
      what: "a new session works",
      deadlineMs: 10_000,
    });
    await leave(gateway, again);
  });
});

it("a gateway that may have many files open warns of nothing", async () => {
  await using gateway = await startGateway({ servers: { echo: fixture("echo") } });
  expect(gateway.log()).not.toMatch(/open files/);
});

/** Changes the limit of a running process (util-linux). */
const allow = (pid: number, openFiles: number): boolean =>
  spawnSync("prlimit", ["--pid", `${pid}`, `--nofile=${openFiles}:`]).status === 0;

const HAS_PRLIMIT = spawnSync("prlimit", ["--version"]).status === 0;

describe.skipIf(!HAS_PRLIMIT)("a gateway that has come to the end of its file descriptors against all plans", () => {
  it.each([0, 2])("(with %i warm processes) tells who wants a session, lives, and serves again later", async (warm) => {
    await using gateway = await startGateway({ servers: { echo: fixture("echo", { warm }) } });
    await until(() => gateway.children().length >= warm, { what: "the warm processes are there" });
    // Enough for a connection and a file, too few for a process.
    allow(gateway.pid, descriptorsOf(gateway.pid) + 3);
    const outcomes = [];
    for (let n = 0; n < 4; n++) outcomes.push(await accepted(() => failure(gateway)));
    for (const outcome of outcomes.slice(warm)) expect(["spawn_failed", "descriptors_exhausted"]).toContain(outcome);
    expect(await accepted(() => healthy(gateway))).toBe(true);

    expect(allow(gateway.pid, 4_096)).toBe(true);
    await until(async () => (await accepted(() => failure(gateway))) === undefined, { what: "a new session works" });
  });
});

/** What a request gets whose connection is accepted. Without a free descriptor the system accepts none and resets it. */
async function accepted<Value>(request: () => Promise<Value>): Promise<Value> {
  return (await until(async () => ({ value: await request() }), { what: "a connection is accepted" })).value;
}

/** Why no session was opened; undefined when one was. */
async function failure(gateway: GatewayProcess): Promise<unknown> {
  const answer = await send(`${gateway.url}/echo/mcp`, { headers: HEADERS, body: JSON.stringify(INITIALIZE) });
  await answer.over();
  return answer.messages.find(({ id }) => id === 1)?.error?.data?.["reason"];
}
