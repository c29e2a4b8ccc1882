import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { descriptorsOf, fixture, type GatewayProcess, memoryOf, startGateway } from "../helpers/gateway.ts";
import { openSession, type SseClient } from "../helpers/sse-client.ts";
import { until } from "../helpers/until.ts";

const SESSIONS = 200;
const OPENING = 20;
const ROUNDS = 5;
const WARM_UP = 2;

let gateway: GatewayProcess;

/** Collects garbage and prints the live heap size, each time the process gets SIGUSR2. */
const TELLS_MEMORY = `process.on("SIGUSR2", () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write("live memory: " + (heapUsed + external) + "\\n");
})`;

beforeAll(async () => {
  gateway = await startGateway(
    {
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
    },
    { env: { NODE_OPTIONS: `--expose-gc --import=data:text/javascript,${encodeURIComponent(TELLS_MEMORY)}` } },
  );
});

afterAll(() => gateway[Symbol.asyncDispose]());

/** The live heap in MiB: unlike the resident memory it does not depend on when the collector runs. */
async function liveMemory(): Promise<number> {
  const told = (): string[] => gateway.log().match(/live memory: \d+/g) ?? [];
  const before = told().length;
  gateway.signal("SIGUSR2");
  await until(() => told().length > before, { what: "the gateway tells what lives in its memory" });
  return Number(told().at(-1)?.split(": ")[1]) / 1024 ** 2;
}

/** Opens all sessions, some at a time; makes one call in each; closes them. */
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
    // Until everything is loaded and caches have reached their size.
    for (let n = 0; n < WARM_UP; n++) await round();
    const before = { descriptors: descriptorsOf(gateway.pid), memory: await liveMemory() };
    for (let n = 0; n < ROUNDS; n++) await round();

    await until(() => descriptorsOf(gateway.pid) <= before.descriptors + 8, { what: "all descriptors are closed" });
    await until(async () => (await liveMemory()) <= before.memory + 4, {
      deadlineMs: 10_000,
      what: "the memory is back",
    });
    expect(memoryOf(gateway.pid).rssMiB).toBeLessThan(400);
    expect(gateway.log()).not.toMatch(/\[(?:ERROR|WARN)\]: (?!listening|hostname is)/);
  });
});
