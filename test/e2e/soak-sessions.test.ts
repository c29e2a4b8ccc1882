import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { descriptorsOf, fixture, type GatewayProcess, memoryOf, startGateway } from "../helpers/gateway.ts";
import { openSession, type SseClient } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const SESSIONS = 200;
const OPENING = 20;
const ROUNDS = 5;
const WARM_UP = 4;

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGateway({
    limits: {
      sessions: 300,
      sessionsPerServer: 300,
      sessionsPerPrincipal: 300,
      startsPerSecond: 1_000,
      startBurst: 1_000,
      startingPerServer: 16,
      startQueue: "60s",
    },
    servers: { echo: fixture("echo") },
  });
});

afterAll(() => gateway[Symbol.asyncDispose]());

/** Opens them all, some at a time; one call in each; closes them all. */
async function round(): Promise<void> {
  const clients: SseClient[] = [];
  await Promise.all(
    Array.from({ length: OPENING }, async () => {
      for (let n = 0; n < SESSIONS / OPENING; n++) clients.push(await openSession(`${gateway.url}/echo`));
    }),
  );
  expect(gateway.children()).toHaveLength(SESSIONS);
  const answers = await Promise.all(clients.map((client, n) => client.call("echo", { message: `call ${n}` })));
  expect(answers).toEqual(clients.map((_, n) => `call ${n}`));
  for (const client of clients) client.close();
  await until(() => gateway.children().length === 0, { deadlineMs: 20_000, what: "every child is gone" });
}

describe(`${SESSIONS} sessions, opened and closed ${ROUNDS} times over,`, () => {
  it("leave no process, no file descriptor and no memory behind", { timeout: 240_000 }, async () => {
    // Until the heap of the gateway has the size that it needs for this.
    for (let n = 0; n < WARM_UP; n++) await round();
    const before = { descriptors: descriptorsOf(gateway.pid), rss: memoryOf(gateway.pid).rssMiB };
    for (let n = 0; n < ROUNDS; n++) await round();

    await until(() => descriptorsOf(gateway.pid) <= before.descriptors + 8, { what: "all descriptors are closed" });
    const allowed = Math.max(before.rss * 1.2, before.rss + 24);
    // The collector runs when it likes: what is still held after a while is held for good.
    await until(() => memoryOf(gateway.pid).rssMiB <= allowed, { deadlineMs: 10_000, what: "the memory is back" });
    expect(gateway.log()).not.toMatch(/\[(?:ERROR|WARN)\]: (?!listening)/);
  });
});
